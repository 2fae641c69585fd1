-- before
-- Numbers in the portal: who changed one may be a person.

alter table number_history drop constraint number_history_actor_check;
alter table number_history add constraint number_history_actor_check
    check (actor in ('access_key', 'agent', 'account', 'operator', 'system', 'person')) not valid;
