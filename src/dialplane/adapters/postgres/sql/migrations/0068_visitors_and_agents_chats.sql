-- before
-- Visitors are let in by the direct hash of what they visit (VoIPBIN reference 1.4).

create unique index webchat_widgets_by_direct_hash on webchat_widgets (direct_hash)
    where direct_hash <> '' and deleted_at is null;
