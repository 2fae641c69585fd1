-- Queries of the subject: passages of what assistants know.

-- name: delete_passages
delete from rag_passages where rag_id = $1;

-- name: add_passages
insert into rag_passages (rag_id, file_id, position, text)
select $1, file_id, position, text from jsonb_to_recordset($2) as given (file_id uuid, position integer, text text);

-- name: search
-- Any of the words will do; the more of them, and the closer together, the better it fits.
select file_id, position, text, ts_rank_cd(words, wanted, 1)::float8 as rank
from rag_passages, to_tsquery('simple', $2) as wanted
where rag_id = $1 and words @@ wanted
order by rank desc, file_id, position limit $3;
