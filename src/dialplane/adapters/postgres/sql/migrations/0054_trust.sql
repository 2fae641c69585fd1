-- before
-- Whom the platform believes and what it signs (STIR/SHAKEN), and what numbers do with calls before their target runs.

-- One row at most: the operator's certificate and the roots that are trusted.
create table stir_settings (
    id integer primary key default 1 check (id = 1),
    certificate_url text not null default '' check (length(certificate_url) <= 2048),
    certificate text not null default '' check (length(certificate) <= 65536),      -- PEM, the signer's own first
    private_key text not null default '',
    trust_anchors text not null default '' check (length(trust_anchors) <= 1048576),
    updated_at timestamptz not null
);

-- What differs from the usual of a trunk: no row, and its calls are verified where they bring an identity, not signed.
create table trunk_trust (
    trunk_id uuid primary key references trunks,
    signs boolean not null,
    checking text not null check (checking in ('off', 'mark', 'reject')),
    requires_identity boolean not null,
    takes_emergency boolean not null,
    updated_at timestamptz not null
);
