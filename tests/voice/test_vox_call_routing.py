"""What `/api/callrouting` sets is where real calls go: app users, a PSTN number, a SIP server (seed, section 3.4)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from dialplane.phone.softphone import Manners, PhoneCall
from dialplane.voice.useragent.challenge import Credentials
from tests.effort import PATIENCE_S
from tests.faces.conftest import Client, application, dependencies, serving
from tests.faces.vox.conftest import Vox
from tests.services.buying import stock
from tests.voice.platform import VoiceNode

OWN, CALLER = "+12025550143", "+12125550111"


@dataclass(frozen=True)
class Routed:
    """A number bought and routed through VoxCPaaS's calls, on a running voice node."""

    node: VoiceNode
    vox: Vox
    keys: str

    async def route_to(self, target: str) -> None:
        answer = await self.vox.post("/api/callrouting", f"{self.keys}&number={OWN}&calltype=3&{target}")
        assert answer.json == {"data": {"code": 200, "message": "User deleted"}}

    async def digits_heard_when_rung(self, count: int = 1) -> str:
        """Ring the number from the PSTN; what the far end keys in when it has answered."""
        async with self.node.phone() as phone:
            call = await self.node.ring(phone, OWN, caller=CALLER)
            async with asyncio.timeout(PATIENCE_S):
                assert await call.wait_answered()
                heard = await call.wait_digits(count)
            call.hang_up()
            await call.ended.wait()
        return heard


@pytest.fixture
async def routed(node: VoiceNode, tmp_path: Path) -> AsyncIterator[Routed]:
    await stock(node.database, OWN)
    ports = dependencies(node.database, tmp_path)
    async with serving(ports, application(ports)) as base, aiohttp.ClientSession() as session:
        vox = Vox(Client(base, session))
        async with node.database.reading() as tx:
            account = await tx.accounts.get(node.account_id)
        keys = f"projectid={account.id}&authtoken={account.project_token}"
        bought = await vox.post("/purchasenumber", f"{keys}&number={OWN}&action=purchase")
        assert bought.json["code"] == 200
        yield Routed(node, vox, keys)


def keying(digits: str, seen: list[tuple[str, str]]) -> Manners:
    """Answers, keys the digits and stays; notes who called and what was dialled."""

    async def take(call: PhoneCall) -> None:
        assert call.sip is not None
        seen.append((call.sip.request.from_.uri, call.dialled))
        call.ring()
        call.answer()
        await call.send_digits(digits)
        await call.ended.wait()

    return take


async def test_registered_app_users_are_rung(routed: Routed) -> None:
    seen: list[tuple[str, str]] = []
    await routed.node.extension("alice", "secret")
    await routed.route_to("users=alice")
    async with routed.node.phone(keying("1", seen)) as app:
        credentials = Credentials("alice", "secret")
        answer = await app.register("sip:alice@127.0.0.1", server=routed.node.server, credentials=credentials)
        assert answer.status == 200
        heard = await routed.digits_heard_when_rung()

    assert heard == "1"
    assert [dialled for _, dialled in seen] == ["alice"]


async def test_first_app_user_that_answers_has_the_call_and_the_others_are_cancelled(routed: Routed) -> None:
    """The seed, 3.4 a: all the users ring."""
    over: list[PhoneCall] = []
    rings = asyncio.Event()

    async def ring_on(call: PhoneCall) -> None:
        over.append(call)
        call.ring()
        rings.set()
        await call.ended.wait()

    async def answer_when_both_ring(call: PhoneCall) -> None:
        await rings.wait()
        await keying("1", [])(call)

    await routed.route_to("users=alice,bob")
    async with routed.node.phone(answer_when_both_ring) as quick, routed.node.phone(ring_on) as slow:
        for name, app in (("alice", slow), ("bob", quick)):
            await routed.node.extension(name, "secret")
            await app.register(
                f"sip:{name}@127.0.0.1", server=routed.node.server, credentials=Credentials(name, "secret")
            )
        heard = await routed.digits_heard_when_rung()

    assert heard == "1"
    assert [call.end.kind for call in over if call.end] == ["cancel"]


async def test_pstn_number_is_called_from_the_did(routed: Routed) -> None:
    """The document's note: customer B sees the call being received from the DID number."""
    await routed.route_to("pstn_number=+12025550105")

    heard = await routed.digits_heard_when_rung()

    incoming, outgoing = await routed.node.calls()
    assert heard
    assert (incoming.source.target, incoming.destination.target) == (CALLER, OWN)
    assert (outgoing.source.target, outgoing.destination.target) == (OWN, "+12025550105")


async def test_sip_server_is_asked_for_the_number(routed: Routed) -> None:
    """Address and port are all that the document's portal asks for. Masking is of PSTN numbers: it sees who calls."""
    seen: list[tuple[str, str]] = []
    async with routed.node.phone(keying("3", seen)) as server:
        await routed.route_to(f"sip_server=127.0.0.1&sip_port={server.agent.port}")
        heard = await routed.digits_heard_when_rung()

    ((caller, dialled),) = seen
    assert heard == "3"
    assert dialled == OWN
    assert caller.startswith(f"sip:{CALLER}@")


async def test_change_and_removal_hold_for_the_next_call(routed: Routed) -> None:
    seen: list[tuple[str, str]] = []
    async with routed.node.phone(keying("1", seen)) as first, routed.node.phone(keying("2", seen)) as second:
        await routed.route_to(f"sip_server=127.0.0.1:{first.agent.port}")
        assert await routed.digits_heard_when_rung() == "1"
        await routed.route_to(f"sip_server=desk@127.0.0.1:{second.agent.port}")
        assert await routed.digits_heard_when_rung() == "2"
        await routed.vox.client.ask("DELETE", f"/api/callrouting?{routed.keys}&number={OWN}")
        async with routed.node.phone() as phone:
            call = await routed.node.ring(phone, OWN)
            assert not await call.wait_answered()

    assert [dialled for _, dialled in seen] == [OWN, "desk"]
