"""A softphone that we did not write: baresip as an extension that calls, and as the desks of a call centre."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dialplane.phone.softphone import Softphone
from tests.effort import PATIENCE_S
from tests.users.acting import Place, call_answered, until
from tests.users.softphones import Baresip, baresip, loudest

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.peer("baresip")]

NUMBER = "+899100000001"
WAIT_S = 15
FLOW = [
    {"type": "answer"},
    {"type": "talk", "option": {"text": "Hello baresip.", "language": "en-US"}},
    {"type": "digits_send", "option": {"digits": "42", "duration": 200, "interval": 200}},
    {"type": "digits_receive", "option": {"duration": WAIT_S * 1000, "length": 1}},
    {"type": "hangup", "option": {"reason": "normal"}},
]


ANNOUNCEMENT = [
    {"type": "talk", "option": {"text": "You are number ${voipbin.queuecall.position}.", "language": "en-US"}},
    {"type": "sleep", "option": {"duration": 2000}},
]


async def test_baresip_registers_calls_a_virtual_number_hears_it_and_presses_a_key(at: Place, tmp_path: Path) -> None:
    """REG: digest; SIP and RTP with a stack that is not ours; digits in both directions by RFC 4733."""
    await at.customer.make("/extensions", {"extension": "1001", "password": "correct horse"})
    flow = await at.customer.make("/flows", {"name": "for baresip", "actions": FLOW})
    await at.customer.make("/numbers", {"number": NUMBER, "call_flow_id": flow["id"]})

    async with baresip(tmp_path / "baresip") as peer:
        await peer.register(at.sip, "1001", "correct horse")
        peer.order("dial", at.number_uri(NUMBER))
        await peer.wait_for("CALL_ESTABLISHED")
        (live,) = await until(lambda: calls_standing(at, "progressing"))
        digits = [(await peer.wait_for("CALL_DTMF_START"))["param"] for _ in range(2)]
        await asyncio.sleep(0.5)  # a person presses no key in the moment in which the prompt ends
        peer.order("sndcode", "7")
        await peer.wait_for("CALL_CLOSED")
        (over,) = await until(lambda: calls_standing(at, "hangup"))

    run = await at.customer.get(f"/activeflows/{over['activeflow_id']}")
    assert digits == ["4", "2"]
    assert live["id"] == over["id"]
    assert (live["source"]["type"], live["destination"]["target"]) == ("extension", NUMBER)
    assert (over["hangup_by"], over["hangup_reason"]) == ("local", "normal")
    talked = datetime.fromisoformat(over["tm_hangup"]) - datetime.fromisoformat(over["tm_progressing"])
    assert 1 < talked.total_seconds() < WAIT_S - 3  # the key ended the waiting
    assert run["status"] == "ended"
    assert loudest(next((tmp_path / "baresip").glob("*dec.wav"))) > 1000


async def calls_standing(at: Place, status: str) -> list[dict[str, Any]]:
    return [row for row in await at.customer.list("/calls") if row["status"] == status]


@dataclass(frozen=True)
class Desk:
    """An agent at a baresip."""

    agent_id: str
    phone: Baresip

    async def goes(self, at: Place, status: str) -> None:
        answer = await at.customer.ask("PUT", f"/agents/{self.agent_id}/status", {"status": status})
        assert answer.status == 200, answer

    async def take(self) -> str:
        """Answer the next call; who calls."""
        told = await self.phone.wait_for("CALL_INCOMING")
        self.phone.order("accept")
        await self.phone.wait_for("CALL_ESTABLISHED")
        return str(told["peeruri"])


@asynccontextmanager
async def desk(at: Place, folder: Path, name: str, *tags: str) -> AsyncIterator[Desk]:
    """An agent who is registered and available."""
    await at.customer.make("/extensions", {"extension": name, "password": "at the desk"})
    async with baresip(folder / name) as phone:
        await phone.register(at.sip, name, "at the desk")
        wanted = {"username": f"{name}@example.com", "password": "at the desk", "name": name, "tag_ids": tags}
        agent = await at.customer.make("/agents", {**wanted, "addresses": [{"type": "extension", "target": name}]})
        found = Desk(agent["id"], phone)
        await found.goes(at, "available")
        yield found


async def stand(at: Place, wanted: dict[Desk, str]) -> bool:
    found = {each: (await at.customer.get(f"/agents/{each.agent_id}"))["status"] for each in wanted}
    return found == wanted


async def test_call_centre_serves_by_skill_and_wait_and_an_agent_passes_a_caller_on(
    at: Place, softphone: Softphone, tmp_path: Path
) -> None:
    """Two agents for sales, one for support: who is free and able, wrap-up, a ring refused, hold, REFER, recording."""
    sales, support = [(await at.customer.make("/tags", {"name": name}))["id"] for name in ("sales", "support")]
    wait = await at.customer.make("/flows", {"name": "wait", "actions": ANNOUNCEMENT})
    queue = await at.customer.make(
        "/queues", {"name": "sales", "tag_ids": [sales], "wait_flow_id": wait["id"], "wrap_up": 1000}
    )
    number = await at.buy_with_flow(
        [
            {"type": "answer"},
            {"type": "recording_start", "option": {"format": "wav"}},
            {"type": "queue_join", "option": {"queue_id": queue["id"]}},
        ]
    )
    async with AsyncExitStack() as desks:
        anna = await desks.enter_async_context(desk(at, tmp_path, "anna", sales))
        bert = await desks.enter_async_context(desk(at, tmp_path, "bert", support))
        cora = await desks.enter_async_context(desk(at, tmp_path, "cora", sales, support))

        first = await call_answered(softphone, at, number)
        caller = await anna.take()
        second = await call_answered(softphone, at, number)
        await cora.take()
        third = await call_answered(softphone, at, number)
        await until(lambda: has(at, queue, "wait_queuecall_ids", 1))
        await until(lambda: stand(at, {anna: "busy", bert: "available", cora: "busy"}))

        anna.phone.order("hold")
        anna.phone.order("resume")
        anna.phone.order("transfer", f"sip:bert@{at.sip.host}:{at.sip.port}")
        await bert.take()
        await anna.phone.wait_for("CALL_INCOMING")  # free after the wrap-up, though her caller talks on
        anna.phone.order("hangup")
        await anna.goes(at, "away")  # or the third caller might find her again
        await anna.phone.wait_for("CALL_CLOSED")

        second.hang_up()
        await cora.phone.wait_for("CALL_CLOSED")
        await cora.take()
        await until(lambda: has(at, queue, "wait_queuecall_ids", 0))
        counts = await at.customer.get(f"/queues/{queue['id']}")
        still_there = not first.ended.is_set() and not third.ended.is_set()
        cora.phone.order("hangup")
        bert.phone.order("hangup")
        async with asyncio.timeout(PATIENCE_S):
            await first.ended.wait()
            await third.ended.wait()

    stays = await at.customer.list("/queuecalls")
    recordings = await until(lambda: ended_recordings(at, 3))
    assert caller.startswith("sip:+12125550100@")
    assert still_there
    assert (counts["total_incoming_count"], counts["total_serviced_count"]) == (3, 3)
    assert [stay["status"] for stay in stays] == ["done"] * 3
    assert all(each["tm_end"] for each in recordings)


async def has(at: Place, queue: dict[str, Any], members: str, count: int) -> bool:
    return len((await at.customer.get(f"/queues/{queue['id']}"))[members]) == count


async def ended_recordings(at: Place, count: int) -> list[dict[str, Any]]:
    rows = [row for row in await at.customer.list("/recordings") if row["status"] == "ended"]
    return rows if len(rows) == count else []


async def test_caller_whose_agent_rings_out_is_served_by_another_who_hands_it_over_attended(
    at: Place, softphone: Softphone, tmp_path: Path
) -> None:
    """VoIPBIN reference 6.3 and 4.6: a phone that is never picked up, and a transfer that is announced first."""
    queue = await at.customer.make("/queues", {"name": "front"})
    number = await at.buy_with_flow(
        [{"type": "answer"}, {"type": "queue_join", "option": {"queue_id": queue["id"]}}],
    )
    async with AsyncExitStack() as desks:
        dora = await desks.enter_async_context(desk(at, tmp_path, "dora"))
        eva = await desks.enter_async_context(desk(at, tmp_path, "eva"))
        await eva.goes(at, "away")

        caller = await call_answered(softphone, at, number)
        await dora.phone.wait_for("CALL_INCOMING")
        await dora.phone.wait_for("CALL_CLOSED")  # nobody picks up
        await dora.goes(at, "away")
        await until(lambda: has(at, queue, "wait_queuecall_ids", 1))
        await eva.goes(at, "available")
        await eva.take()
        (hers,) = [row for row in await until(lambda: calls_to(at, "eva")) if row["status"] == "progressing"]
        order = {"transfer_type": "attended", "transferer_call_id": hers["id"]}
        to_dora = {"transferee_addresses": [{"type": "extension", "target": "dora"}]}
        await at.customer.make("/transfers", order | to_dora)
        await dora.take()
        eva.phone.order("hangup")
        await eva.phone.wait_for("CALL_CLOSED")
        await until(lambda: stand(at, {eva: "busy"}))
        await until(lambda: live(at, 2))  # hers is on record as over a moment after her phone knows
        still_there = not caller.ended.is_set()
        caller.hang_up()
        await dora.phone.wait_for("CALL_CLOSED")

    (stay,) = [row for row in await at.customer.list("/queuecalls") if row["queue_id"] == queue["id"]]
    assert still_there
    assert stay["status"] == "done"


async def live(at: Place, count: int) -> bool:
    """Whether so many calls go on, by the record."""
    rows = await at.customer.list("/calls")
    return len([row for row in rows if row["status"] == "progressing"]) == count


async def calls_to(at: Place, extension: str) -> list[dict[str, Any]]:
    """Those that have been answered."""
    rows = [row for row in await at.customer.list("/calls") if row["destination"]["target"] == extension]
    return [row for row in rows if row.get("tm_progressing")]
