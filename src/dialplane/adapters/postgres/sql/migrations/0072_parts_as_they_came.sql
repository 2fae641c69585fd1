-- before
-- Parts of long messages are kept as they came, header and octets: a peer may cut a text amid a character, whose halves
-- are no text. `text` stays what a part says alone, which is all that older versions read.
alter table smpp_taken
    add column user_data bytea,
    add column alphabet text not null default '';
