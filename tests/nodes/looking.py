"""What the tests of a site wait for, and what must hold after each."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.calling.media import Prompt
from dialplane.domain.ids import AgentId, CallId, ConferenceId, utc_now
from dialplane.phone.softphone import PhoneCall, Softphone
from dialplane.services.charging.billing import check_ledger
from dialplane.services.rooms.agents import AgentChange, get_agent, update_agent
from dialplane.services.rooms.participants import (
    ParticipantChange,
    list_participants,
    update_participant,
)
from dialplane.services.rooms.queue_members import list_queuecalls
from tests.effort import PATIENCE_S
from tests.fakes.receiver import Receiver
from tests.media.conftest import tone
from tests.nodes.site import Node, Site
from tests.users.acting import until
from tests.voice.ears import tones_at

TO_ROOM = "+12025550145"


async def comes(site: Site, phone: Softphone, folder: Path, *, tone_hz: int) -> tuple[PhoneCall, Call]:
    """A call into the conference that makes a tone without end; and its record."""
    known = {call.id for call in await site.calls()}
    call = await site.ring(phone, TO_ROOM)
    assert await call.wait_answered()
    path = folder / f"{tone_hz}.ulaw"
    path.write_bytes(tone(tone_hz, duration_ms=1_000))
    speaking = asyncio.ensure_future(call.play(Prompt(path, 1_000), loop=True))
    speaking.add_done_callback(lambda _: None)

    async def record() -> Call | None:
        found = [each for each in await site.calls() if each.id not in known and each.details.conference_id]
        return found[0] if found else None

    return call, await until(record)


async def comes_elsewhere(site: Site, phone: Softphone, folder: Path, mixing: Call) -> tuple[PhoneCall, Call]:
    """A call into the conference that another node than the mixing one has; the edge spreads calls as it likes."""
    while True:
        call, record = await comes(site, phone, folder, tone_hz=1_000)
        if record.node != mixing.node:
            return call, record
        call.hang_up()
        await is_over(call)


async def is_over(call: PhoneCall) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await call.ended.wait()


async def change(site: Site, room: ConferenceId, call: Call, change: ParticipantChange) -> None:
    await update_participant(site.database, site.account_id, room, call.id, change, utc_now())


async def is_free(site: Site, agent_id: AgentId) -> bool:
    change = AgentChange(status="available")
    await update_agent(site.database, site.account_id, agent_id, change, utc_now())
    return (await get_agent(site.database, site.account_id, agent_id)).status == "available"


async def all_served(site: Site) -> bool:
    """Everybody who was in a queue has spoken to an agent."""
    stays = await list_queuecalls(site.database, site.account_id, before=None, limit=10)
    return {stay.status.value for stay in stays} == {"done"}


async def waits_for_a_lock(site: Site) -> bool:
    async with site.database.reading() as tx:
        asked = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        return bool(await tx.connection.fetchval(asked))


@asynccontextmanager
async def amid_a_purchase(site: Site, number: str) -> AsyncIterator["asyncio.Task[dict[str, object] | None]"]:
    """The first API process is asked for `number`, and stands in the middle of it as long as the block lasts."""
    async with site.database.transaction() as tx:
        await tx.connection.execute("select from purses where account_id = $1 for update", site.account_id)
        purchase = asyncio.create_task(site.buy(number, at=0))
        await until(lambda: waits_for_a_lock(site))
        yield purchase


async def are_told(receiver: Receiver, ended: list[Call]) -> bool:
    told = [each.json() for each in receiver]
    over = {each["data"]["id"] for each in told if each["type"] == "call_hangup"}  # type: ignore[index]  # an object
    return {str(call.id) for call in ended} <= over


async def gets_through(site: Site, number: str) -> bool:
    """Whether a call through the first edge is answered."""
    status, _ = await (await site.carrier(number, calls=1, rate=5, talk_ms=300))
    return status == 0


async def both_ended(site: Site, known: set[CallId]) -> list[Call] | None:
    """A caller's call and its agent's."""
    new = [call for call in await site.calls() if call.id not in known]
    return new if len(new) == 2 and all(call.ended_at for call in new) else None


async def until_it_hears(call: PhoneCall, *wanted: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await tones_at(call.media, (400, 1_000)) != list(wanted):
            pass


async def is_empty(site: Site, room: ConferenceId) -> bool:
    return not (await list_participants(site.database, site.account_id, room))[1]


async def hang_up(site: Site, live: list[Call], *, but: Node | None = None) -> None:
    """By the API, those that live on the other nodes."""
    for call in live:
        if but is None or call.node != but.name:
            await site.customer("POST", f"/calls/{call.id}/hangup", at=1)


async def live_calls(site: Site, count: int) -> list[Call] | None:
    found = [call for call in await site.calls() if call.status is CallStatus.PROGRESSING]
    return found if len(found) >= count else None


async def all_ended(site: Site, count: int) -> list[Call] | None:
    found = await site.calls()
    return found if len(found) >= count and all(call.ended_at for call in found) else None


async def ended_of(site: Site, calls: list[Call]) -> list[Call] | None:
    wanted = {call.id for call in calls}
    found = [call for call in await site.calls() if call.id in wanted]
    return found if all(call.ended_at for call in found) else None


async def ended_on(site: Site, node: Node, live: list[Call]) -> list[Call] | None:
    return await ended_of(site, [call for call in live if call.node == node.name])


async def as_it_was(site: Site, closed: list[Call]) -> bool:
    """Whether nobody has written to them since."""
    now = {call.id: call for call in await site.calls()}
    return all(now[call.id] == call for call in closed)


async def lives_anew(site: Site, node: Node, since: datetime) -> bool:
    """Whether the node has begun a life since then, for which it had to have written all of the one before."""
    nodes = (await site.operator("GET", "/nodes"))["nodes"]
    assert isinstance(nodes, list)
    mine = next(each for each in nodes if each["name"] == node.name)
    began, seen = (datetime.fromisoformat(mine[name]) for name in ("started_at", "seen_at"))
    return began > since and seen > began and not mine["draining"]


async def is_billed_once(site: Site) -> None:
    """Every answered call has one entry and one end; the ledger balances, and nothing is held."""
    answered = {call.id for call in await site.calls() if call.progressing_at}
    async with site.database.reading() as tx:
        entries = await tx.connection.fetch("select reference_id from ledger_entries where reference_type = 'call'")
        ends = await tx.connection.fetch("select resource_id from events where type = 'call_hangup' and public")
        held = await tx.connection.fetchval("select count(*) from holds where state = 'held'")
    assert (await check_ledger(site.database)).balanced
    charged = Counter(row["reference_id"] for row in entries)
    assert set(charged) <= answered
    assert set(charged.values()) == {1}
    assert set(Counter(row["resource_id"] for row in ends).values()) == {1}
    assert held == 0
