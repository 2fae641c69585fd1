"""The first words with the database: what is wrong with it is said in a sentence that names the setting."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import asyncpg
import structlog

from dialplane.adapters.postgres.budget import look, named
from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.reach import UNREACHED
from dialplane.adapters.postgres.sealed_columns import open_seal
from dialplane.adapters.secrets.sealing import WrongKeyError
from dialplane.config.settings import Settings
from dialplane.config.values import SettingError

log = structlog.get_logger()


@contextmanager
def usable_store(settings: Settings) -> Iterator[str]:
    """The address of the database, for what a process does there before it serves. Raises SettingError."""
    dsn = settings.require_database()
    try:
        yield dsn
    except WrongKeyError as fault:
        raise SettingError(f"{fault}: put back {settings.master_key_file} or DIALPLANE_MASTER_KEY") from fault
    except asyncpg.UndefinedTableError as fault:
        raise SettingError("The database of DATABASE_URL has no tables yet: run `dialplane migrate` first") from fault
    except (*UNREACHED, ValueError) as fault:
        raise SettingError(f"The Postgres of DATABASE_URL cannot be used: {fault}") from fault


@dataclass(frozen=True, slots=True)
class Store:
    """`dsn`: for connections that the process has beside the pool."""

    database: PostgresDatabase
    dsn: str


async def open_store(settings: Settings, role: str, *, for_calls: bool = False) -> Store:
    """The database of a process of `role`, whose pool is the role's. Raises SettingError."""
    most = settings.connections.of_process(role)
    with usable_store(settings) as given:
        dsn = named(given, role, most)
        seal = await open_seal(dsn, settings.find_master_key())
        budget = await look(dsn)
        if most > budget.usable:
            raise SettingError(
                f"DIALPLANE_CONNECTIONS lets {role} open {most} connections, and the Postgres of DATABASE_URL has"
                f" {budget.usable} for all"
            )
        if budget.promised > budget.usable:
            log.warning("connections_overpromised", promised=budget.promised, usable=budget.usable)
        return Store(await connect(dsn, seal, max_size=most - 1, for_calls=for_calls), dsn)
