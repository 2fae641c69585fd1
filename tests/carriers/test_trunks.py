"""A provider is set up at Telnyx by its API: a trunk on both sides, or on neither (VoIPBIN reference 6.6)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dialplane.adapters.carriers.accounts import CarrierAccounts
from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import utc_now
from dialplane.domain.supply.carrier_accounts import CarrierAccess, CarrierKind
from dialplane.fakes.misbehaviour import How
from dialplane.fakes.serving import serving as fake_serving
from dialplane.fakes.telnyx import FakeTelnyx
from dialplane.services.calling.trunks import list_trunks
from dialplane.services.supply.carrier_accounts import list_exchanges
from dialplane.services.supply.carrier_trunks import set_up_trunk
from dialplane.services.tenancy.provisioning import install_operator_key
from tests.faces.conftest import OPERATOR_KEY, Answer, Client, application, dependencies, serving
from tests.fakes.carriers import LOOPBACK
from tests.fakes.receiver import Receiver

PATH = "/v1.0/providers/setup"


@dataclass
class Platform:
    """The operator at the native API, and a fake carrier."""

    client: Client
    fake: FakeTelnyx
    api_url: str
    database: PostgresDatabase

    async def set_up(self, **change: object) -> Answer:
        given: dict[str, object] = {
            "carrier": "telnyx",
            "name": "Telnyx, main",
            "detail": "by API",
            "credentials": {"api_key": self.fake.api_key},
            "api_url": self.api_url,
        }
        return await self.client.ask("POST", PATH, given | change)

    async def left(self) -> tuple[int, int, int]:
        """Trunks of ours, and connections and profiles there."""
        return len(await list_trunks(self.database)), len(self.fake.trunks.connections), len(self.fake.trunks.profiles)


@pytest.fixture
async def platform(database: PostgresDatabase, tmp_path: Path) -> AsyncIterator[Platform]:
    await install_operator_key(database, OPERATOR_KEY)
    fake = FakeTelnyx()
    async with fake_serving(fake) as url, GuardedClient(allow=LOOPBACK) as guarded:
        registry = CarrierRegistry({}, accounts=CarrierAccounts(database, guarded))
        ports = replace(dependencies(database, tmp_path), trunk_carriers=registry)
        async with serving(ports, application(ports)) as base, aiohttp.ClientSession() as session:
            yield Platform(Client(base, session, OPERATOR_KEY), fake, f"{url}/v2", database)


async def test_provider_is_a_trunk_here_and_a_connection_there(platform: Platform) -> None:
    made = await platform.set_up()
    listed = await platform.client.ask("GET", "/v1.0/providers")
    [trunk] = await list_trunks(platform.database)
    [connection], [profile] = platform.fake.trunks.connections.values(), platform.fake.trunks.profiles.values()

    assert (made.status, listed.json["result"]) == (200, [made.json])
    assert {name: made.json[name] for name in ("hostname", "name", "detail", "metadata")} == {
        "hostname": "sip.telnyx.com",
        "name": "Telnyx, main",
        "detail": "by API",
        "metadata": {"telnyx_profile_id": profile["id"], "telnyx_connection_id": connection["id"]},
    }
    assert (trunk.username, trunk.password) == (connection["user_name"], connection["password"])
    assert connection["outbound"] == {"outbound_voice_profile_id": profile["id"]}
    assert trunk.account_id is None


async def test_neither_key_nor_password_is_kept_or_shown(platform: Platform) -> None:
    made = await platform.set_up()
    [connection] = platform.fake.trunks.connections.values()
    exchanges = await list_exchanges(platform.database, carrier="telnyx")

    told = made.raw.decode() + "".join(f"{each.path}{each.request}{each.answer}" for each in exchanges)
    assert [each.path for each in exchanges[::-1]] == [
        "v2/whoami", "v2/outbound_voice_profiles", "v2/credential_connections"
    ]  # fmt: skip
    assert platform.fake.api_key not in told
    assert connection["password"] not in told


async def test_key_that_is_refused_changes_nothing(platform: Platform) -> None:
    refused = await platform.set_up(credentials={"api_key": "KEY_other"})

    assert (refused.status, refused.json["error"]["details"]) == (400, [{"field": "credentials.api_key"}])
    assert await platform.left() == (0, 0, 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"carrier": "twilio"}, "carrier"),
        ({"name": ""}, "name"),
        ({"credentials": {"api_key": "a\nb"}}, "credentials.api_key"),
        ({"credentials": {}}, "credentials"),
        ({"api_url": "ftp://127.0.0.1"}, "api_url"),
    ],
)
async def test_bad_wish_is_refused_by_name_before_the_carrier_is_asked(
    platform: Platform, change: dict[str, Any], field: str
) -> None:
    refused = await platform.set_up(**change)

    assert refused.status == 400
    assert field in refused.raw.decode()
    assert await list_exchanges(platform.database) == []


@pytest.mark.parametrize(
    ("how", "at", "status", "reason"),
    [
        (How.BUSY, "GET /v2/whoami", 503, "SERVICE_UNAVAILABLE"),
        (How.REFUSE, "POST /v2/outbound_voice_profiles", 409, "CARRIER_REFUSED"),
        (How.REFUSE, "POST /v2/credential_connections", 409, "CARRIER_REFUSED"),
        (How.ERROR_AFTER, "POST /v2/outbound_voice_profiles", 503, "SERVICE_UNAVAILABLE"),
        (How.LOST, "POST /v2/credential_connections", 503, "SERVICE_UNAVAILABLE"),
    ],
)
async def test_whatever_goes_wrong_nothing_is_left_on_either_side(
    platform: Platform, how: How, at: str, status: int, reason: str
) -> None:
    """What was done without an answer is found by its name, and taken away."""
    platform.fake.misbehaviour.how, platform.fake.misbehaviour.at, platform.fake.misbehaviour.times = how, at, 1

    failed = await platform.set_up()

    assert (failed.status, failed.reason) == (status, reason)
    assert await platform.left() == (0, 0, 0)
    assert (await platform.set_up()).status == 200


async def test_others_of_the_same_name_are_left_alone(platform: Platform) -> None:
    first = await platform.set_up()
    platform.fake.misbehaviour.how, platform.fake.misbehaviour.times = How.REFUSE, 1
    platform.fake.misbehaviour.at = "POST /v2/credential_connections"

    second = await platform.set_up()

    assert (first.status, second.status) == (200, 409)
    assert await platform.left() == (1, 1, 1)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": 5}', b'{"data": {"id": []}}', b"<html>"])
async def test_nonsense_makes_no_provider(database: PostgresDatabase, body: bytes) -> None:
    async with Receiver.listening() as server, GuardedClient(allow=LOOPBACK) as guarded:
        server.body = body
        carriers = CarrierRegistry({}, accounts=CarrierAccounts(database, guarded))
        access = CarrierAccess(CarrierKind.TELNYX, "key", server.url(""))
        with pytest.raises(Unavailable):
            await set_up_trunk(database, carriers, access, "odd", "", utc_now())

    assert await list_trunks(database) == []
