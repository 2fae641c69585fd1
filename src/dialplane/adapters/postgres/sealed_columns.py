"""Which columns hold sealed secrets, and the sealing of those that a version without seals left readable."""

import secrets

import asyncpg

from dialplane.adapters.postgres.reach import reach
from dialplane.adapters.secrets.sealing import MASTER_KEY_OCTETS, Seal, WrongKeyError

SEALED = {
    "accounts": ("auth_token", "project_token"),
    "carrier_accounts": ("api_key", "signing_key"),
    "conversation_accounts": ("app_secret", "secret", "token"),
    "extensions": ("password",),
    "pbx_trunks": ("password",),
    "people": ("totp_secret",),
    "portal_mails": ("content",),
    "smpp_carriers": ("password",),
    "stir_settings": ("private_key",),
    "trunks": ("login_password", "password"),
    "webhook_endpoints": ("secret", "previous_secret"),
}
_KEY = "master_key"
_CHECK = "master_key_check"
_CHECK_TEXT = "dialplane"
_OBSOLETE = ("jwt_secret", "sip_nonce_secret")
"""Secrets that are worked out from the master key now."""


async def open_seal(dsn: str, master_key: bytes | None) -> Seal:
    """The seal of this database, whose schema is there. Without a key of its own, the one that lies in the database.

    Raises WrongKeyError where the database was sealed under another key.
    """
    connection = await reach(dsn)
    try:
        async with connection.transaction():
            seal = Seal(master_key or await _key_inside(connection))
            await _check_key(connection, seal)
            return seal
    finally:
        await connection.close()


async def seal_readable(dsn: str, seal: Seal) -> int:
    """Seal what is readable; how many secrets that were. Safe to run again and from several processes at once."""
    connection = await reach(dsn)
    try:
        async with connection.transaction():
            await connection.execute("delete from settings where name = any($1::text[])", _OBSOLETE)
            return sum(
                [await _seal(connection, seal, table, name) for table, names in SEALED.items() for name in names]
            )
    finally:
        await connection.close()


async def _key_inside(connection: "asyncpg.Connection[asyncpg.Record]") -> bytes:
    await connection.execute(
        "insert into settings (name, value) select $1, to_jsonb($2::text)"
        " where not exists (select from settings where name = $3) on conflict do nothing",
        _KEY,
        secrets.token_hex(MASTER_KEY_OCTETS),
        _CHECK,
    )
    kept = await connection.fetchval("select value #>> '{}' from settings where name = $1", _KEY)
    if kept is None:
        raise WrongKeyError("The database was sealed under a master key that is not set here")
    return bytes.fromhex(kept)


async def _check_key(connection: "asyncpg.Connection[asyncpg.Record]", seal: Seal) -> None:
    """The first who comes leaves a text under its key; whoever comes later must be able to read it."""
    await connection.execute(
        "insert into settings (name, value) values ($1, to_jsonb($2::text)) on conflict do nothing",
        _CHECK,
        seal.close(_CHECK_TEXT),
    )
    seal.open(await connection.fetchval("select value #>> '{}' from settings where name = $1", _CHECK))


async def _seal(connection: "asyncpg.Connection[asyncpg.Record]", seal: Seal, table: str, name: str) -> int:
    readable = await connection.fetch(
        f"select id, {name} as secret from {table} where {name} <> '' and {name} not like 'sealed:%' for update"  # noqa: S608 (constants)
    )
    for row in readable:
        await connection.execute(
            f"update {table} set {name} = $2 where id = $1",  # noqa: S608 (constants)
            row["id"],
            seal.close(row["secret"]),
        )
    return len(readable)
