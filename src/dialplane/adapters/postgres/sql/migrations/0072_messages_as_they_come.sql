-- before
-- Parts of long messages are kept as they came, header and octets: a peer may cut a text amid a character, whose halves
-- are no text. `text` stays what a part says alone, which is all that older versions read.
alter table smpp_taken
    add column user_data bytea,
    add column alphabet text not null default '';

-- A carrier that took a message and could not deliver it says another thing than one that never took it.
alter table carrier_messages
    drop constraint carrier_messages_receipt_check,
    add constraint carrier_messages_receipt_check
        check (receipt in ('', 'delivered', 'failed', 'undelivered')) not valid;

-- What carriers bring may be longer than what is sent.
alter table messages
    drop constraint messages_text_check,
    add constraint messages_text_check check (length(text) <= 10000) not valid;
