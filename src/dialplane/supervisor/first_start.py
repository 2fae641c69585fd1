"""The credentials that `ready.json` shows: made on the first start, found again on every later one.

The database holds hashes of the operator's key, the access key and the password, so the clear texts are kept in a
private file of the data folder.
"""

import json
from dataclasses import asdict

from dialplane.adapters.postgres.database import connect
from dialplane.adapters.secrets.passwords import Argon2Hasher
from dialplane.adapters.secrets.sealing import Seal
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


async def provision(settings: Settings, seal: Seal) -> dict[str, object]:
    """Bring the database to what the settings ask for; the credentials in the words of `ready.json`.

    Raises StartError where the settings ask for what cannot be.
    """
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
