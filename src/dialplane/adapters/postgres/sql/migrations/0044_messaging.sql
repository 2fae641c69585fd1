-- before
-- Messages that are scheduled, cancelled and reported on with codes.

alter table message_targets drop constraint message_targets_status_check;
alter table message_targets add constraint message_targets_status_check
    check (status in ('received', 'scheduled', 'held', 'queued', 'gw_timeout', 'sent', 'dlr_timeout', 'failed',
                      'undelivered', 'canceled', 'delivered'));
alter table message_targets add column error_code integer not null default 0;   -- Twilio's; 0: none
alter table message_targets add column sent_at timestamptz;
create index message_targets_due on message_targets (due_at) where status in ('queued', 'scheduled');
drop index message_targets_queued;

alter table sandbox_messages drop constraint sandbox_messages_receipt_check;
alter table sandbox_messages add constraint sandbox_messages_receipt_check
    check (receipt in ('delivered', 'failed', 'undelivered'));
