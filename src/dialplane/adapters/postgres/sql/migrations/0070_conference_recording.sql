-- before
-- The recording of a conference that goes on (VoIPBIN's recording_id); null: it is not being recorded.
alter table conferences add column recording_id uuid;
