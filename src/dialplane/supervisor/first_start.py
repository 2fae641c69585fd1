"""The credentials that `ready.json` shows: made on the first start, found again on every later one.

The database holds hashes of the operator's key, the access key and the password, so the clear texts are kept in a
private file of the data folder.

This is a program of its own, forked like the roles: what it needs the nursery has imported anyway, and the supervisor
needs none of it.
"""

import asyncio
import json
from dataclasses import asdict

from dialplane.adapters.postgres.database import connect
from dialplane.adapters.postgres.sealed_columns import open_seal, seal_readable
from dialplane.adapters.secrets.passwords import Argon2Hasher
from dialplane.adapters.secrets.sealing import Seal, WrongKeyError
from dialplane.bootstrap.process import announce
from dialplane.config.settings import Settings
from dialplane.domain.errors import Refusal
from dialplane.domain.ids import utc_now
from dialplane.services.identity.operators import FIRST_OPERATOR, list_operators, make_operator
from dialplane.services.tenancy.provisioning import (
    Credentials,
    SandboxWish,
    install_operator_key,
    prepare_sandbox,
    secret,
)
from dialplane.services.transaction import Database
from dialplane.supervisor.errors import StartError
from dialplane.supervisor.folder import write_private


def run(settings: Settings) -> int:
    """Bring the database, which has its tables, to what the settings ask for, and say the credentials in the words of
    `ready.json`: as `credentials`, or as `refused` why there are none. The exit status."""
    try:
        credentials = asyncio.run(_provision(settings))
    except StartError as fault:
        announce("first-start", refused=str(fault))
        return fault.exit_status
    announce("first-start", credentials=credentials)
    return 0


async def _provision(settings: Settings) -> dict[str, object]:
    """Raises StartError where the settings ask for what cannot be."""
    seal = await _seal(settings)
    kept = _read(settings)
    operator_key = str(kept.get("operator_key") or f"op_{secret(40)}")
    database = await connect(settings.require_database(), seal)
    try:
        await install_operator_key(database, operator_key)
        signs_in = await (_sandbox(settings, database, kept) if settings.sandbox else _operator(database, kept))
    finally:
        await database.close()
    fresh = {**kept, **signs_in, "operator_key": operator_key}
    if fresh != kept:
        write_private(settings.credentials, fresh)
    return {**signs_in, "operator_key": operator_key}


async def _seal(settings: Settings) -> Seal:
    """The seal of the secrets in the database, none of which is readable from now on."""
    dsn = settings.require_database()
    try:
        seal = await open_seal(dsn, settings.find_master_key())
    except WrongKeyError as fault:
        raise StartError(f"{fault}: put back {settings.master_key_file} or DIALPLANE_MASTER_KEY") from fault
    await seal_readable(dsn, seal)
    return seal


async def _sandbox(settings: Settings, database: Database, kept: dict[str, object]) -> dict[str, object]:
    wish = SandboxWish(
        domains=(settings.sip.host, *settings.sip_domains),
        carrier_host=settings.carrier_sip.host,
        carrier_port=settings.carrier_sip.port,
    )
    names = Credentials.__slots__
    known = Credentials(**{name: str(kept[name]) for name in names}) if kept.keys() >= set(names) else None
    try:
        return asdict(await prepare_sandbox(database, Argon2Hasher(), wish, known, now=utc_now()))
    except Refusal as fault:
        raise StartError(f"The SIP domains of the sandbox cannot be these: {fault}") from fault


async def _operator(database: Database, kept: dict[str, object]) -> dict[str, object]:
    """Who signs in to an installation that starts empty: its first operator, made where there is none."""
    if not await list_operators(database):
        made = await make_operator(database, Argon2Hasher(), FIRST_OPERATOR, utc_now())
        return {"portal_email": made.person.email, "portal_password": made.password}
    return {name: kept[name] for name in ("portal_email", "portal_password") if name in kept}


def _read(settings: Settings) -> dict[str, object]:
    try:
        found: object = json.loads(settings.credentials.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as fault:
        raise StartError(f"The credentials in {settings.credentials} cannot be read: {fault}") from fault
    if not isinstance(found, dict):
        raise StartError(f"{settings.credentials} does not hold a JSON object")
    return found
