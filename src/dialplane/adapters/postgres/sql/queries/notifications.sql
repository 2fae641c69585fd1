-- Queries of the subject: notifications.

-- name: add
insert into notifications select * from jsonb_populate_recordset(null::notifications, $1);

-- name: find
select * from notifications where id = $2 and account_id = $1;

-- name: query
select * from notifications
where account_id = $1 and ($2::uuid is null or call_id = $2)
  and ($3::date is null or created_at >= $3::date::timestamp at time zone 'utc')
  and ($4::date is null or created_at < ($4::date + 1)::timestamp at time zone 'utc')
  and ($5::integer is null or error_code = $5)
  and ($6::text = '' or position($6 in request_url) > 0)
  and ($7::text = '' or position($7 in message) > 0)
  and ($8::integer is null or log = $8)
order by created_at desc, id desc
offset $9 limit $10;

-- name: count
select count(*) from notifications
where account_id = $1 and ($2::uuid is null or call_id = $2)
  and ($3::date is null or created_at >= $3::date::timestamp at time zone 'utc')
  and ($4::date is null or created_at < ($4::date + 1)::timestamp at time zone 'utc')
  and ($5::integer is null or error_code = $5)
  and ($6::text = '' or position($6 in request_url) > 0)
  and ($7::text = '' or position($7 in message) > 0)
  and ($8::integer is null or log = $8);
