-- before
-- What the sender says became of a message at its receiver's (Twilio's message feedback); null: nothing.
alter table messages add column feedback jsonb;
