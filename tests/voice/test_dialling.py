"""`Dial` in full over real SIP: documents that dial phones of ours, and what they are told afterwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dialplane.domain.calling.calls import Direction, HangupReason
from dialplane.domain.ids import utc_now
from dialplane.domain.numbering.targets import DocumentTarget
from dialplane.phone.softphone import Manners, PhoneCall, Softphone
from dialplane.services.calling.trunks import TrunkDraft, create_trunk
from dialplane.services.recording.recordings import list_recordings
from dialplane.voice.useragent.challenge import Credentials
from tests.effort import PATIENCE_S
from tests.voice.documents import DocumentServer, Page, document_number, document_server
from tests.voice.platform import VoiceNode

NUMBER = "+12025550143"


@dataclass
class Desk:
    """A phone that is dialled; keeps its calls, and does with each what `act` says."""

    calls: list[PhoneCall] = field(default_factory=list)
    act: Manners | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, call: PhoneCall) -> None:
        self.calls.append(call)
        self.came.set()
        if self.act is not None:
            await self.act(call)
        else:
            call.ring()
            call.answer()
            await call.ended.wait()

    async def first(self) -> PhoneCall:
        await self.came.wait()
        return self.calls[0]


@dataclass
class Scene:
    """A number that runs `/start`, a caller's phone, and a desk phone that the document may dial."""

    node: VoiceNode
    server: DocumentServer
    phone: Softphone
    desk: Desk
    desk_phone: Softphone

    @property
    def bob(self) -> str:
        return f"sip:bob@127.0.0.1:{self.desk_phone.agent.port}"

    async def outcome(self) -> dict[str, str]:
        """What the Dial's action was told."""
        await self.server_asked("/after")
        return self.server.asked("/after")[0]

    async def server_asked(self, path: str, times: int = 1) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.server.asked(path)) < times:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def scene(node: VoiceNode, **pages: Page) -> AsyncIterator[Scene]:
    """`{bob}` in a page is the address of the desk phone."""
    desk = Desk()
    async with (
        document_server({"/after": "<Response/>"}) as server,
        node.phone() as phone,
        node.phone(desk.take) as other,
    ):
        set_up = Scene(node, server, phone, desk, other)
        for path, page in pages.items():
            server.pages[f"/{path}"] = page.replace("{bob}", set_up.bob) if isinstance(page, str) else page
        await document_number(node, NUMBER, DocumentTarget(server.url()))
        async with asyncio.timeout(PATIENCE_S):
            yield set_up


async def joined(caller: PhoneCall, callee: PhoneCall) -> None:
    """Wait until the two hear each other."""
    await caller.wait_answered()
    await callee.answered.wait()
    while not callee.heard_digits:
        await caller.send_digits("5")


async def test_sip_noun_takes_headers_and_tells_what_came_of_it(node: VoiceNode) -> None:
    """Restcomm reference 5.5, Dial: action parameters of a Sip noun, and the callbacks of its leg in order."""
    dial = (
        '<Response><Dial action="/after"><Sip statusCallback="/leg" '
        'statusCallbackEvent="initiated ringing answered completed">{bob}?X-Order=42</Sip></Dial></Response>'
    )
    async with scene(node, start=dial) as at:
        caller = await node.ring(at.phone, NUMBER)
        callee = await at.desk.first()
        await joined(caller, callee)
        callee.hang_up()
        told = await at.outcome()
        await caller.ended.wait()
        for call in await node.calls():
            await node.ended_call(call.id)
        async with node.database.transaction() as tx:
            rows = await tx.connection.fetch(
                "select data from events where type = 'status_callback' order by resource_seq"
            )

    assert callee.sip is not None
    assert callee.sip.request.headers.get("X-Order") == "42"
    assert (told["DialCallStatus"], told["DialSipResponseCode"]) == ("completed", "200")
    assert told["DialSipCallId"] == callee.sip.id
    forms = [dict(row["data"]["form"]) for row in rows]
    assert [form["CallStatus"] for form in forms] == ["initiated", "ringing", "answered", "completed"]
    assert [form["SequenceNumber"] for form in forms] == ["0", "1", "2", "3"]


async def test_callee_hears_its_own_document_before_it_is_joined(node: VoiceNode) -> None:
    dial = '<Response><Dial action="/after"><Sip url="/whisper">{bob}</Sip></Dial></Response>'
    whisper = '<Response><Gather numDigits="1" timeout="20" action="/accepted"/><Hangup/></Response>'
    async with scene(node, start=dial, whisper=whisper, accepted="<Response/>") as at:
        caller = await node.ring(at.phone, NUMBER)
        callee = await at.desk.first()
        await at.server_asked("/whisper")
        assert caller.statuses == [180]

        await callee.send_digits("1")

        await at.server_asked("/accepted")
        await caller.send_digits("5")
        assert await callee.wait_digits(1) == "5"
        caller.hang_up()
        assert (await at.outcome())["DialCallStatus"] == "completed"
        await callee.ended.wait()


async def test_callee_that_does_not_take_the_call_is_not_joined(node: VoiceNode) -> None:
    dial = '<Response><Dial action="/after"><Sip url="/whisper">{bob}</Sip></Dial></Response>'
    async with scene(node, start=dial, whisper="<Response><Hangup/></Response>") as at:
        caller = await node.ring(at.phone, NUMBER)
        callee = await at.desk.first()
        await callee.ended.wait()

        assert (await at.outcome())["DialCallStatus"] == "no-answer"
        await caller.ended.wait()


async def test_caller_who_hangs_up_during_the_whisper_leaves_nobody_behind(node: VoiceNode) -> None:
    dial = '<Response><Dial action="/after"><Sip url="/whisper">{bob}</Sip></Dial></Response>'
    whisper = '<Response><Gather numDigits="1" timeout="20"/></Response>'
    async with scene(node, start=dial, whisper=whisper) as at:
        caller = await node.ring(at.phone, NUMBER)
        callee = await at.desk.first()
        await at.server_asked("/whisper")

        caller.hang_up()

        await callee.ended.wait()
        assert (await at.outcome())["DialCallStatus"] == "canceled"


async def test_digits_go_to_the_callee_with_their_pauses(node: VoiceNode) -> None:
    dial = '<Response><Dial><Number sendDigits="1w2">+12025550100</Number></Dial></Response>'
    async with scene(node, start=dial) as at:
        await create_trunk(
            node.database,
            TrunkDraft("first", networks=(), host="127.0.0.1", port=at.desk_phone.agent.port, priority=1),
            now=utc_now(),
        )
        caller = await node.ring(at.phone, NUMBER)
        callee = await at.desk.first()

        assert await callee.wait_digits(2) == "12"
        caller.hang_up()
        await callee.ended.wait()


async def test_route_that_fails_is_followed_by_the_next(node: VoiceNode) -> None:
    """VoIPBIN reference 4.5: another route is tried unless the party is busy, does not answer or rejects."""

    async def fail(call: PhoneCall) -> None:
        call.reject(503)

    dial = '<Response><Dial action="/after"><Number>+12025550106</Number></Dial></Response>'
    async with scene(node, start=dial) as at:
        at.desk.act = fail
        await create_trunk(
            node.database,
            TrunkDraft("first", networks=(), host="127.0.0.1", port=at.desk_phone.agent.port, priority=1),
            now=utc_now(),
        )
        caller = await node.ring(at.phone, NUMBER)

        assert (await at.outcome())["DialCallStatus"] == "completed"
        await caller.ended.wait()
    assert len(at.desk.calls) == 1


@pytest.mark.parametrize("sequential", ["true", "false"])
async def test_second_party_takes_the_call_that_the_first_does_not(node: VoiceNode, sequential: str) -> None:
    nouns = "<Number>+12025550101</Number><Sip>{bob}</Sip>"
    dial = f'<Response><Dial sequential="{sequential}" action="/after">{nouns}</Dial></Response>'
    async with scene(node, start=dial) as at:
        caller = await node.ring(at.phone, NUMBER)
        callee = await at.desk.first()
        await joined(caller, callee)
        callee.hang_up()

        assert (await at.outcome())["DialCallStatus"] == "completed"
        outgoing = [call for call in await node.calls() if call.direction is Direction.OUTGOING]
    assert len(outgoing) == 2
    assert outgoing[0].hangup_reason in (HangupReason.BUSY, HangupReason.CANCEL)  # bob may be faster than busy


async def test_star_of_the_caller_ends_the_talk_and_the_document_goes_on(node: VoiceNode) -> None:
    dial = '<Response><Dial hangupOnStar="true"><Sip>{bob}</Sip></Dial><Redirect>/after</Redirect></Response>'
    async with scene(node, start=dial) as at:
        caller = await node.ring(at.phone, NUMBER)
        callee = await at.desk.first()
        await joined(caller, callee)

        await caller.send_digits("*")

        await callee.ended.wait()
        await at.server_asked("/after")
        await caller.ended.wait()


async def test_talk_ends_at_its_limit_and_is_recorded_on_two_channels(node: VoiceNode, tmp_path: Path) -> None:
    dial = (
        '<Response><Dial timeLimit="1" record="record-from-answer-dual" action="/after"><Sip>{bob}</Sip></Dial>'
        "</Response>"
    )
    async with scene(node, start=dial) as at:
        caller = await node.ring(at.phone, NUMBER)
        callee = await at.desk.first()
        await callee.ended.wait()

        told = await at.outcome()
        await caller.ended.wait()
    (recording,) = await list_recordings(node.database, node.account_id, before=None, limit=10)
    assert told["RecordingSid"] == f"RE{recording.id.hex}"
    assert (recording.channels, recording.duration_ms // 500) == (2, 2)


async def test_answered_caller_hears_ringing_until_somebody_answers(node: VoiceNode, tmp_path: Path) -> None:
    async def ring_on(call: PhoneCall) -> None:
        call.ring()
        await call.ended.wait()

    dial = '<Response><Say>One moment.</Say><Dial timeout="3" action="/after"><Sip>{bob}</Sip></Dial></Response>'
    async with scene(node, start=dial) as at:
        at.desk.act = ring_on
        caller = await node.ring(at.phone, NUMBER)
        await at.desk.first()
        await caller.record(tmp_path / "ringing.wav")
        await at.server_asked("/after")
        await caller.ended.wait()

    assert node.listen(tmp_path / "ringing.wav").sounding_ms > 1_000
    assert at.server.asked("/after")[0]["DialCallStatus"] == "no-answer"


async def test_every_phone_of_a_client_rings_and_the_first_that_answers_has_the_call(node: VoiceNode) -> None:
    """Restcomm reference 5.5: Client rings all its registrations."""
    await node.extension("alice", "secret")
    second = Desk()

    async def ring_on(call: PhoneCall) -> None:
        call.ring()
        await call.ended.wait()

    async def answer_when_both_ring(call: PhoneCall) -> None:
        call.ring()
        await second.came.wait()
        call.answer()
        await call.ended.wait()

    second.act = ring_on
    dial = '<Response><Dial action="/after"><Client>alice</Client></Dial></Response>'
    async with scene(node, start=dial) as at, node.phone(second.take) as other:
        at.desk.act = answer_when_both_ring
        for each in (at.desk_phone, other):
            answer = await each.register(
                "sip:alice@127.0.0.1", server=node.server, credentials=Credentials("alice", "secret")
            )
            assert answer.status == 200
        caller = await node.ring(at.phone, NUMBER)
        taken, left = await at.desk.first(), await second.first()

        await caller.wait_answered()

        await left.ended.wait()
        caller.hang_up()
        await taken.ended.wait()
