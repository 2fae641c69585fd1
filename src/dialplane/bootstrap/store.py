"""The first word with the database: what is wrong with it is said in a sentence that names the setting."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from dialplane.adapters.postgres.reach import UNREACHED
from dialplane.adapters.postgres.sealed_columns import open_seal
from dialplane.adapters.secrets.sealing import Seal, WrongKeyError
from dialplane.config.settings import Settings
from dialplane.config.values import SettingError


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


async def find_seal(settings: Settings) -> Seal:
    """The seal of the database's secrets. Raises SettingError."""
    with usable_store(settings) as dsn:
        return await open_seal(dsn, settings.find_master_key())
