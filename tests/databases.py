"""A worker's database: copied from the template once, and emptied after each test.

A copy costs the server 200 ms, emptying a few. A test that changed the schema leaves its database to nobody: an event
trigger notes that it did, since to compare the catalogue after each test took longer than all the rest.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import asyncpg

from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from tests.cluster import TEMPLATE

VACUUM_EVERY = 8
"""Uses, whose dead rows cost less than to take them away each time."""

_END_OTHERS = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""

_NOTES_CHANGES = """
    create schema pristine;
    create table pristine.changes (command text not null);
    create function pristine.note_change() returns event_trigger language plpgsql as $$
    begin
        insert into pristine.changes values (tg_tag);
    end $$;
"""
"""The trigger itself comes last, when what is made for the tests is there."""

_NOTE_CHANGES = "create event trigger note_change on ddl_command_end execute function pristine.note_change()"

_HAS_CHANGED = "select exists (select from pristine.changes)"

_WRITTEN = """
    select quote_ident(relname) from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and pg_relation_size(oid) > 0
"""

_SEQUENCES = "select quote_ident(sequencename) as name, last_value from pg_sequences where schemaname = 'public'"


@dataclass(frozen=True, slots=True)
class Database:
    """A database on the tests' cluster, and what it was like when it was new: the tables in which the migrations have
    written, which are kept in the schema `pristine`, and its sequences."""

    cluster: EmbeddedPostgres
    name: str
    written: frozenset[str]
    sequences: tuple[tuple[str, int | None], ...]
    uses: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def dsn(self) -> str:
        return self.cluster.dsn(self.name)

    async def empty(self, connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
        """End every other session and take out what was written; False where the schema is another one now."""
        await connection.execute(_END_OTHERS)
        if await connection.fetchval(_HAS_CHANGED):
            return False
        tables = [row[0] for row in await connection.fetch(_WRITTEN)]
        await connection.execute("; ".join(self._statements(tables)))
        if next(self.uses) % VACUUM_EVERY == 0:
            await connection.execute("vacuum " + ", ".join(tables))
        return True

    def _statements(self, tables: list[str]) -> list[str]:
        return [
            "set session_replication_role = replica",  # the ledger's tables refuse to be emptied
            *(f"delete from {table}" for table in tables),
            *(f"insert into {table} overriding system value table pristine.{table}" for table in self.written),
            *(f"select setval('{name}', {last or 1}, {last is not None})" for name, last in self.sequences),
        ]

    async def drop(self) -> None:
        connection = await asyncpg.connect(self.cluster.dsn())
        await connection.execute(f"drop database {self.name} with (force)")
        await connection.close()


async def make(cluster: EmbeddedPostgres) -> Database:
    """A new one, with the schema and nothing in it but what the migrations write."""
    name = f"test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(cluster.dsn())
    await connection.execute(f"create database {name} template {TEMPLATE} strategy file_copy")
    await connection.close()
    connection = await asyncpg.connect(cluster.dsn(name))
    try:
        written = [row[0] for row in await connection.fetch(_WRITTEN)]
        await connection.execute(_NOTES_CHANGES)
        for table in written:
            await connection.execute(f"create table pristine.{table} as table {table}")
        sequences = [(row["name"], row["last_value"]) for row in await connection.fetch(_SEQUENCES)]
        await connection.execute(_NOTE_CHANGES)
        return Database(cluster, name, frozenset(written), tuple(sequences))
    finally:
        await connection.close()
