-- Queries of the subject: assistants, and teams of them.

-- name: save_ai
insert into ais select * from jsonb_populate_recordset(null::ais, $1)
on conflict (id) do update set
    name = excluded.name, detail = excluded.detail, engine_model = excluded.engine_model,
    init_prompt = excluded.init_prompt, tts_voice_id = excluded.tts_voice_id, rag_id = excluded.rag_id,
    direct_hash = excluded.direct_hash, updated_at = excluded.updated_at,
    deleted_at = excluded.deleted_at;

-- name: find_ai
select * from ais where account_id = $1 and id = $2 and deleted_at is null;

-- name: list_ais
select * from ais
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: find_ai_by_direct_hash
select * from ais where direct_hash = $1 and deleted_at is null;

-- name: find_team_by_direct_hash
select * from teams where direct_hash = $1 and deleted_at is null;

-- name: save_team
insert into teams select * from jsonb_populate_recordset(null::teams, $1)
on conflict (id) do update set
    name = excluded.name, detail = excluded.detail, start_member_id = excluded.start_member_id,
    members = excluded.members, direct_hash = excluded.direct_hash, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at;

-- name: find_team
select * from teams where account_id = $1 and id = $2 and deleted_at is null;

-- name: list_teams
select * from teams
where account_id = $1 and deleted_at is null and ($2::timestamptz is null or created_at < $2)
order by created_at desc, id desc limit $3;

-- name: add_prompt
insert into ai_prompts select * from jsonb_populate_recordset(null::ai_prompts, $1);

-- name: list_prompts
select * from ai_prompts where ai_id = $1 order by created_at desc, id desc limit $2;
