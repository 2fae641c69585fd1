"""Which way calls to the PSTN take: gateways, routes, failover on cause, number formats, limits.

The carriers are sipp, and phones that write down what they were asked.
"""

import asyncio
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import Call, HangupReason
from dialplane.domain.calling.trunk_terms import USUAL_TERMS, Gateway, NumberFormat, NumberStyle, TrunkTerms
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.charging.tariffs import DeckLine
from dialplane.domain.ids import TrunkId, utc_now
from dialplane.domain.money import Micros
from dialplane.phone.softphone import PhoneCall
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.calling.providercalls import call_by_trunk
from dialplane.services.calling.routes import RouteChange, create_route
from dialplane.services.calling.trunk_states import Health, TrunkState, states_of
from dialplane.services.calling.trunks import TrunkDraft, create_trunk, list_trunks, remove_trunk
from dialplane.voice import dialler
from dialplane.voice.trunking import gateways
from dialplane.voice.useragent.agent import IncomingCall, Source
from dialplane.voice.useragent.challenge import Credentials
from tests.media.conftest import MediaProcess
from tests.ports import free_port
from tests.users.acting import until
from tests.voice.platform import VoiceNode, voice_node

OWN = "+12025550143"
CALLED = "+12025550100"
SCENARIOS = Path(__file__).parent / "scenarios"
HANG_UP: dict[str, object] = {"type": "hangup"}


class Carrier:
    """Answers, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.callers: list[str] = []
        self.port = 0

    async def take(self, call: PhoneCall) -> None:
        assert isinstance(call.sip, IncomingCall)
        self.asked.append(call.dialled)
        self.callers.append(call.sip.request.from_.uri)
        call.answer()
        await call.ended.wait()


@asynccontextmanager
async def carrier(node: VoiceNode) -> AsyncIterator[Carrier]:
    made = Carrier()
    async with node.phone(made.take) as phone:
        made.port = phone.agent.port
        yield made


async def trunk(node: VoiceNode, name: str, port: int, terms: TrunkTerms = USUAL_TERMS, *, priority: int = 1) -> Trunk:
    draft = TrunkDraft(name, host="127.0.0.1", port=port, priority=priority, terms=terms)
    return await create_trunk(node.database, draft, now=utc_now())


async def call(node: VoiceNode, destination: str = CALLED) -> Call:
    if not await owned(node):
        await node.bare_number(OWN)
    request = CallRequest(tel(OWN), (tel(destination),), actions=[HANG_UP])
    created = await create_calls(node.database, node.account_id, request, utc_now())
    return await node.ended_call(created.calls[0].id)


async def owned(node: VoiceNode) -> bool:
    async with node.database.reading() as tx:
        return bool(await tx.numbers.find_live([OWN]))


@pytest.fixture
async def strict_node(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path
) -> AsyncIterator[VoiceNode]:
    """The loopback is no carrier's."""
    async with voice_node(dsn, database, media_process, tmp_path, carriers="127.0.0.200/32") as running:
        yield running


@pytest.fixture
def dead_port() -> Iterator[int]:
    """Where datagrams arrive, and nobody answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", free_port()))
        yield deaf.getsockname()[1]


@pytest.mark.peer("sipp")
async def test_call_goes_on_at_the_next_gateway_where_sipp_has_no_room(node: VoiceNode) -> None:
    port = free_port()
    sipp = await asyncio.create_subprocess_exec(
        "sipp", "-sf", str(SCENARIOS / "busy_carrier.xml"), "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-nostdin",
        stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL,
    )  # fmt: skip
    async with carrier(node) as other:
        await trunk(node, "first", port, TrunkTerms(gateways=(Gateway("127.0.0.1", other.port, priority=20),)))
        await until(lambda: is_bound(port))

        first = await call(node)
        second = await call(node)  # the busy one wants a minute's rest

    assert await sipp.wait() == 0
    assert (first.hangup_reason, second.hangup_reason) == (HangupReason.NORMAL, HangupReason.NORMAL)
    assert other.asked == [CALLED, CALLED]


async def is_bound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


async def test_dead_gateway_is_skipped_and_returns_when_it_answers_options(
    node: VoiceNode, dead_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialler, "SILENT_S", 0.2)
    monkeypatch.setattr(gateways, "RETRY_S", 0.1)
    monkeypatch.setattr(gateways, "PATIENCE_S", 0.2)
    async with carrier(node) as alive:
        made = await trunk(
            node, "two", dead_port, TrunkTerms(gateways=(Gateway("127.0.0.1", alive.port, priority=20),))
        )
        first = await call(node)
        dead = await until(lambda: standing(node, made.id, Health.UNHEALTHY))
        await call(node)

    assert first.hangup_reason == HangupReason.NORMAL
    assert alive.asked == [CALLED, CALLED]
    assert dead.gateways[0].said.startswith("no answer")


async def standing(node: VoiceNode, trunk_id: TrunkId, health: Health) -> TrunkState | None:
    for state in (await states_of(node.database, [trunk_id])).get(trunk_id, {}).values():
        if state.gateways and state.gateways[0].health is health:
            return state
    return None


async def test_gateway_that_is_probed_is_healthy_once_it_answers(node: VoiceNode) -> None:
    async with carrier(node) as alive:
        made = await trunk(node, "probed", alive.port, TrunkTerms(probe_s=5))

        state = await until(lambda: standing(node, made.id, Health.HEALTHY))

    assert state.gateways[0].said == "200 to OPTIONS"


async def test_call_that_is_busy_is_not_tried_elsewhere(node: VoiceNode) -> None:
    async def decline(asked: PhoneCall) -> None:
        asked.reject(486)

    async with node.phone(decline) as busy, carrier(node) as other:
        await trunk(node, "busy", busy.agent.port)
        await trunk(node, "other", other.port, priority=2)

        over = await call(node)

    assert over.hangup_reason == HangupReason.BUSY
    assert other.asked == []


async def test_trunk_is_asked_in_its_own_numbers_and_headers(node: VoiceNode) -> None:
    async with carrier(node) as found:
        terms = TrunkTerms(numbers=NumberFormat(NumberStyle.NATIONAL, "GB", "99", "#1"))
        await trunk(node, "British", found.port, terms)

        over = await call(node, "+442079460123")

    assert found.asked == ["9902079460123#1"]
    assert found.callers == ["sip:0012025550143@127.0.0.1"]
    assert over.destination.target == "+442079460123"


async def test_number_without_plus_from_a_trunk_is_read_in_its_country_and_kept_raw(node: VoiceNode) -> None:
    await node.number("+442079460123", {"type": "answer"}, HANG_UP)
    terms = TrunkTerms(numbers=NumberFormat(country="GB"))
    draft = TrunkDraft("British", networks=("127.0.0.9/32",), terms=terms)
    await create_trunk(node.database, draft, now=utc_now())
    async with node.phone(host="127.0.0.9") as phone:

        async def rings() -> bool:
            ringing = await node.ring(phone, "02079460123", caller="02079460999")
            return await ringing.wait_answered()

        assert await until(rings)
    over = await node.ended_call()

    assert (over.destination.target, over.raw_destination) == ("+442079460123", "02079460123")
    assert (over.source.target, over.raw_source) == ("+442079460999", "02079460999")


async def test_full_trunk_is_passed_over_and_a_full_last_one_ends_the_call(node: VoiceNode) -> None:
    await clear(node)
    async with carrier(node) as full, carrier(node) as roomy:
        await trunk(node, "full", full.port, TrunkTerms(calls_at_once=0))
        second = await trunk(node, "roomy", roomy.port, priority=2)
        went = await call(node)
        await remove_trunk(node.database, second.id, now=utc_now())
        refused = await call(node)

    assert (full.asked, roomy.asked) == ([], [CALLED])
    assert went.hangup_reason == HangupReason.NORMAL
    assert refused.progressing_at is None


async def clear(node: VoiceNode) -> None:
    """Take the simulated carrier's way out away."""
    for each in await list_trunks(node.database):
        await remove_trunk(node.database, each.id, now=utc_now())


async def test_route_of_the_account_with_the_longest_target_goes_first(node: VoiceNode) -> None:
    now = utc_now()
    async with carrier(node) as everywhere, carrier(node) as north_america, carrier(node) as own:
        trunks = [await trunk(node, str(each.port), each.port) for each in (everywhere, north_america, own)]
        await create_route(node.database, None, trunks[0].id, RouteChange(target="all", priority=0), now)
        await create_route(node.database, None, trunks[1].id, RouteChange(target="+1", priority=9), now)
        await create_route(node.database, node.account_id, trunks[2].id, RouteChange(target="1202", priority=9), now)

        await call(node)
        await call(node, "+442079460123")

    assert (own.asked, north_america.asked, everywhere.asked) == ([CALLED], [], ["+442079460123"])


async def test_forced_call_takes_its_trunk_whatever_the_routes_say(node: VoiceNode) -> None:
    """Reference 6.6, `/providercalls`."""
    now = utc_now()
    async with carrier(node) as routed, carrier(node) as forced:
        await node.bare_number(OWN)
        best, wanted = await trunk(node, "best", routed.port), await trunk(node, "wanted", forced.port, priority=9)
        await create_route(node.database, None, best.id, RouteChange(target="1", priority=0), now)
        request = CallRequest(tel(OWN), (tel(CALLED),), actions=[HANG_UP])

        made = await call_by_trunk(node.database, node.account_id, wanted.id, request, now)
        await node.ended_call(made.calls[0].id)

    assert (routed.asked, forced.asked) == ([], [CALLED])


async def test_cheapest_of_equal_routes_goes_first_where_trunks_have_cost_decks(node: VoiceNode) -> None:
    now = utc_now()
    async with carrier(node) as dear, carrier(node) as cheap:
        for found, micros in ((dear, 9_000), (cheap, 4_000)):
            deck = f"costs-{micros}"
            async with node.database.transaction() as tx:
                await tx.rates.add_deck(deck, deck, now)
                rate = Rate(CostType.CALL_PSTN_OUTGOING, Micros(micros))
                await tx.rates.save_lines(deck, [DeckLine("1", rate)])
            made = await trunk(node, deck, found.port, TrunkTerms(cost_deck=deck))
            await create_route(node.database, None, made.id, RouteChange(target="1", priority=5), now)

        await call(node)

    assert (dear.asked, cheap.asked) == ([], [CALLED])


async def test_peer_that_proves_its_login_is_its_trunk_wherever_it_calls_from(strict_node: VoiceNode) -> None:
    node = strict_node
    await node.number(OWN, {"type": "answer"}, HANG_UP)
    draft = TrunkDraft("roaming", login_username="carrier-1", login_password="long enough")
    await create_trunk(node.database, draft, now=utc_now())

    async def outcome(password: str) -> int | None:
        async with node.phone() as phone:
            ringing = await phone.call(
                f"sip:{OWN}@{node.server.host}:{node.server.port}",
                caller="<sip:+12125550111@127.0.0.1>",
                server=Source(node.server.host, node.server.port, "udp"),
                credentials=Credentials("carrier-1", password),
            )
            if await ringing.wait_answered():
                return 200
            return ringing.end.status if ringing.end else None

    async def is_let_in() -> bool:
        return await outcome("long enough") == 200

    assert await until(is_let_in, pause_s=0.7)  # slow enough for a stranger, which it is until the node knows the trunk
    assert await outcome("wrong") in (403, 407)
