"""Strangers at a whole voice node: floods, guessed passwords, more calls than it takes. The carrier is 127.0.0.1."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.calling.defence import DefenceReport
from dialplane.domain.ids import utc_now
from dialplane.phone.softphone import Softphone
from dialplane.services.calling.calls import list_defences
from dialplane.sip.message import Response
from dialplane.voice.defence.guesses import WRONG_FOR_USER, WRONG_FROM_ADDRESS
from dialplane.voice.defence.strangers import STRANGERS_MESSAGES
from dialplane.voice.useragent.agent import UserAgent
from dialplane.voice.useragent.challenge import Credentials
from tests.media.conftest import MediaProcess
from tests.voice.agents import RawPeer
from tests.voice.platform import VoiceNode, voice_node

ANSWER: dict[str, object] = {"type": "answer"}
STAY: dict[str, object] = {"type": "sleep", "option": {"duration": 60_000}}


@pytest.fixture
async def node(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path
) -> AsyncIterator[VoiceNode]:
    async with voice_node(dsn, database, media_process, tmp_path, carriers="127.0.0.1/32") as running:
        yield running


@pytest.fixture
async def near(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path
) -> AsyncIterator[VoiceNode]:
    """A node that counts the messages of nobody here: who tries passwords is stopped by the passwords alone."""
    async with voice_node(dsn, database, media_process, tmp_path) as running:
        yield running


@asynccontextmanager
async def stranger(node: VoiceNode, host: str) -> AsyncIterator[RawPeer]:
    server = cast("UserAgent", SimpleNamespace(host="127.0.0.1", port=node.server.port))
    with RawPeer(server, host) as peer:
        yield peer


async def register(node: VoiceNode, phone: Softphone, password: str, name: str = "1001") -> Response:
    return await phone.register(
        f"sip:{name}@127.0.0.1", server=node.server, credentials=Credentials(name, password), expires_s=300
    )


async def guess(node: VoiceNode, phone: Softphone, count: int, name: str = "1001") -> list[int]:
    """Wrong passwords, until so many were refused."""
    statuses: list[int] = []
    while len(statuses) < count:
        statuses.append((await register(node, phone, f"wrong {len(statuses)}", name)).status)
    return statuses


async def reported(node: VoiceNode, is_it: Callable[[DefenceReport], bool]) -> DefenceReport:
    """The node's first report of the kind that is waited for."""
    while True:
        for found in await list_defences(node.database, utc_now()):
            if is_it(found.report):
                return found.report
        await asyncio.sleep(0.05)


async def test_stranger_who_floods_is_not_listened_to_and_nobody_else_suffers(node: VoiceNode) -> None:
    """DOS-2: from one address, and the carrier's and another stranger's requests are answered during it."""
    await node.number("+12025550143", ANSWER, STAY)
    async with stranger(node, "127.0.0.9") as flood, stranger(node, "127.0.0.10") as other:
        for _ in range(4 * STRANGERS_MESSAGES):
            flood.send(flood.request("OPTIONS"))
        assert await other.is_served()
        other.send(other.request("OPTIONS"))
        assert (await other.receive_response()).status == 200
        async with node.phone() as carrier:
            call = await node.ring(carrier, "+12025550143")
            assert await call.wait_answered()
            call.hang_up()

        assert len(flood.pending()) == STRANGERS_MESSAGES
        report = await reported(node, lambda told: "127.0.0.9" in told.banned)
    assert report.counters["source_refused"] >= 3 * STRANGERS_MESSAGES
    assert "127.0.0.10" not in report.banned


async def test_carrier_may_send_more_than_a_stranger(node: VoiceNode) -> None:
    """DOS-2: known trunks have a limit of their own."""
    async with stranger(node, "127.0.0.1") as carrier:
        for _ in range(4 * STRANGERS_MESSAGES):
            carrier.send(carrier.request("OPTIONS"))
        for _ in range(4 * STRANGERS_MESSAGES):
            assert (await carrier.receive_response()).status == 200


async def test_too_many_wrong_passwords_lock_the_guesser_out_and_not_the_owner(near: VoiceNode) -> None:
    """REG-2: the right password helps him no more; the owner, elsewhere, gets in; the account is told."""
    await near.extension("1001", "secret")
    async with near.phone(host="127.0.0.9") as thief, near.phone(host="127.0.0.11") as owner:
        statuses = await guess(near, thief, WRONG_FOR_USER)
        assert set(statuses) <= {401, 403}

        assert (await register(near, thief, "secret")).status == 403
        assert (await register(near, owner, "secret")).status == 200

    report = await reported(near, lambda told: bool(told.locked_users))
    assert report.locked_users == ("1001@127.0.0.1",)
    assert "extension_locked" in await near.events()


async def test_user_who_does_not_exist_is_locked_in_the_same_way(near: VoiceNode) -> None:
    """REG-1, REG-2: a lock tells nobody who exists."""
    await near.extension("1001", "secret")
    async with near.phone(host="127.0.0.9") as one, near.phone(host="127.0.0.10") as other:
        of_somebody = await guess(near, one, WRONG_FOR_USER + 2)
        of_nobody = await guess(near, other, WRONG_FOR_USER + 2, "4711")

    assert of_somebody == of_nobody
    assert of_nobody[-1] == 403


async def test_address_that_guesses_for_many_users_is_locked_out(near: VoiceNode) -> None:
    """REG-2: a svwar-style run never reaches the limit of one user."""
    await near.extension("1001", "secret")
    async with near.phone(host="127.0.0.9") as thief:
        for n in range(WRONG_FROM_ADDRESS):
            await register(near, thief, "wrong", str(2000 + n))

        assert (await register(near, thief, "secret")).status == 403

    report = await reported(near, lambda told: bool(told.locked_addresses))
    assert report.locked_addresses == ("127.0.0.9",)


async def test_call_of_an_address_that_is_no_trunk_is_challenged(node: VoiceNode) -> None:
    """CVE-17: a trunk is matched by its configured networks, and nothing in a message makes one."""
    await node.number("+12025550143", ANSWER, STAY)
    async with node.phone(host="127.0.0.9") as phone:
        call = await node.ring(phone, "+12025550143")
        assert not await call.wait_answered()

    assert call.end is not None
    assert call.end.status == 407
    assert await node.calls() == []


async def test_more_calls_than_the_node_takes_hear_503_and_those_that_live_go_on(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path
) -> None:
    """DOS-4: with Retry-After; what is over is counted."""
    overload = voice_node(dsn, database, media_process, tmp_path, calls_at_once=3, calls_per_second=1e-6)
    async with overload as node:
        await node.number("+12025550143", ANSWER, STAY)
        async with node.phone() as phone:
            living = [await node.ring(phone, "+12025550143") for _ in range(3)]
            for call in living:
                assert await call.wait_answered()
            late = await node.ring(phone, "+12025550143")
            assert not await late.wait_answered()

            assert late.end is not None
            assert late.end.status == 503
            assert not any(call.ended.is_set() for call in living)
            for call in living:
                call.hang_up()
                await call.ended.wait()
        assert (await reported(node, lambda told: "overload" in told.counters)).counters["overload"] == 1
