"""Conferences and queues as XML documents ask for them: who starts, who ends, what is heard and told meanwhile."""

import asyncio
from pathlib import Path

import asyncpg

from dialplane.domain.calling.media import Prompt
from dialplane.domain.ids import ConferenceId, from_sid, utc_now
from dialplane.domain.numbering.targets import DocumentTarget
from dialplane.domain.programs.notifications import NotificationQuery
from dialplane.domain.rooms.conferences import Conference
from dialplane.services.programs.notifications import list_notifications
from dialplane.services.rooms.conferences import ConferenceFilters, query_conferences
from dialplane.services.rooms.participants import announce
from dialplane.services.rooms.queue_members import dequeue
from dialplane.services.rooms.queues import page_queues
from tests.effort import PATIENCE_S
from tests.media.conftest import tone
from tests.voice.documents import DocumentServer, Page, document_number, document_server
from tests.voice.ears import until_sound
from tests.voice.platform import VoiceNode

GUEST, MODERATOR = "+12025550192", "+12025550193"


async def numbers(node: VoiceNode, server: DocumentServer) -> None:
    """One for each of the pages `/guest` and `/moderator`."""
    await document_number(node, GUEST, DocumentTarget(server.url("/guest")))
    await document_number(node, MODERATOR, DocumentTarget(server.url("/moderator")))


async def conferences(node: VoiceNode) -> list[Conference]:
    found, _ = await query_conferences(node.database, node.account_id, ConferenceFilters(), offset=0, limit=10)
    return [each.conference for each in found]


def noun(**attributes: str) -> str:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<Conference{written}>town hall</Conference>"


async def test_guests_hear_music_until_the_moderator_comes_and_all_go_when_it_leaves(node: VoiceNode) -> None:
    """The documents' `startConferenceOnEnter` and `endConferenceOnExit`; `action` is asked when one is out of it."""
    pages: dict[str, Page] = {
        "/guest": f'<Response><Dial action="/after">{noun(startConferenceOnEnter="false")}</Dial></Response>',
        "/moderator": f"<Response><Dial>{noun(endConferenceOnExit='true', beep='false')}</Dial></Response>",
        "/after": "<Response><Hangup/></Response>",
    }
    async with document_server(pages) as server, node.phone() as phone:
        await numbers(node, server)
        guest = await node.ring(phone, GUEST)
        assert await guest.wait_answered()
        await until_sound(guest)
        [waiting] = await conferences(node)

        moderator = await node.ring(phone, MODERATOR)
        while (await conferences(node))[0].started_at is None:
            await asyncio.sleep(0.02)
        moderator.hang_up()
        await guest.ended.wait()
        while (await conferences(node))[0].status != "terminated":
            await asyncio.sleep(0.02)

        [over] = await conferences(node)
        calls = await node.calls()
    assert (waiting.name, waiting.status) == ("town hall", "starting")
    assert (over.end_reason, over.ended_by) == ("participant-with-end-conference-on-exit-left", calls[1].id)
    [after] = server.asked("/after")
    assert after["DialCallStatus"] == "completed"
    assert not {"DialCallSid", "DialCallDuration"} & set(after)


async def test_waiting_sound_that_cannot_be_had_is_noted(node: VoiceNode) -> None:
    """Reference 1.8, code 13233: whether it was to be a file or a document."""
    written = "<Response><Dial>{}</Dial></Response>"
    pages: dict[str, Page] = {
        "/guest": written.format(noun(startConferenceOnEnter="false", waitUrl="/none.wav")),
        "/moderator": written.format(noun(startConferenceOnEnter="false", waitUrl="/none")),
    }
    async with document_server(pages) as server, node.phone() as phone, asyncio.timeout(PATIENCE_S):
        await numbers(node, server)
        waiting = [await node.ring(phone, number) for number in (GUEST, MODERATOR)]
        noted: set[tuple[int, str]] = set()
        while len(noted) < 2:
            notes, _ = await list_notifications(node.database, node.account_id, NotificationQuery())
            noted = {(note.error_code, note.request_url) for note in notes}
            await asyncio.sleep(0.02)
        for guest in waiting:
            guest.hang_up()

    assert noted == {(13233, server.url("/none.wav")), (13233, server.url("/none"))}


async def test_full_room_lets_the_next_verb_run_and_a_name_is_a_new_room_when_all_have_left(node: VoiceNode) -> None:
    pages: dict[str, Page] = {
        "/guest": f"<Response><Dial>{noun(maxParticipants='1')}</Dial><Hangup/></Response>",
        "/moderator": 404,
    }
    async with document_server(pages) as server, node.phone() as phone:
        await numbers(node, server)
        first = await node.ring(phone, GUEST)
        assert await first.wait_answered()
        while not await conferences(node):
            await asyncio.sleep(0.02)

        second = await node.ring(phone, GUEST)
        await second.ended.wait()
        first.hang_up()
        while (await conferences(node))[0].status != "terminated":
            await asyncio.sleep(0.02)
        third = await node.ring(phone, GUEST)
        while len(await conferences(node)) < 2:
            await asyncio.sleep(0.02)

        assert [each.status for each in await conferences(node)] == ["progressing", "terminated"]
        third.hang_up()


async def test_caller_in_a_queue_is_told_its_place_and_joined_by_an_agent_who_dials_the_queue(node: VoiceNode) -> None:
    """Twilio's `Enqueue`, `waitUrl` with its parameters, and `Dial` with `Queue`."""
    pages: dict[str, Page] = {
        "/guest": '<Response><Enqueue waitUrl="/wait" action="/out">desk</Enqueue></Response>',
        "/wait": "<Response><Pause length='30'/></Response>",
        "/moderator": '<Response><Dial action="/served" record="true">'
        '<Queue url="/hear">desk</Queue></Dial></Response>',
        "/hear": "<Response/>",
        "/out": "<Response><Hangup/></Response>",
        "/served": "<Response><Hangup/></Response>",
    }
    async with document_server(pages) as server, node.phone() as phone:
        await numbers(node, server)
        caller = await node.ring(phone, GUEST)
        assert await caller.wait_answered()
        while not server.asked("/wait"):
            await asyncio.sleep(0.02)

        agent = await node.ring(phone, MODERATOR)
        assert await agent.wait_answered()
        heard = asyncio.create_task(caller.wait_digits(1))
        while not heard.done():  # the two are joined a moment after the agent's call was answered
            await agent.send_digits("5")
            await asyncio.wait({heard}, timeout=0.5)
        assert heard.result() == "5"
        agent.hang_up()
        await caller.ended.wait()
        while not server.asked("/served"):
            await asyncio.sleep(0.02)

        [line] = (await page_queues(node.database, node.account_id, offset=0, limit=10))[0]
    [wait], [out] = server.asked("/wait"), server.asked("/out")
    assert (wait["QueuePosition"], wait["CurrentQueueSize"], wait["QueueSid"]) == ("1", "1", f"QU{line.queue.id.hex}")
    assert (out["QueueResult"], out["QueueSid"]) == ("bridged", f"QU{line.queue.id.hex}")
    [hear] = server.asked("/hear")
    assert (hear["CallSid"], hear["QueueSid"]) == (wait["CallSid"], f"QU{line.queue.id.hex}")
    assert line.queue.total_serviced_count == 1
    [served] = server.asked("/served")
    assert hear["DequeingCallSid"] == served["CallSid"]
    assert float(served["RecordingDuration"]) > 0
    assert served["RecordingUrl"].endswith(f"/Recordings/{served['RecordingSid']}.wav")


async def test_waiting_document_may_leave_the_queue_and_an_order_takes_the_front_to_another_document(
    node: VoiceNode,
) -> None:
    pages: dict[str, Page] = {
        "/guest": '<Response><Enqueue waitUrl="/leave" action="/out">desk</Enqueue></Response>',
        "/leave": "<Response><Leave/></Response>",
        "/moderator": '<Response><Enqueue waitUrl="/stay">desk</Enqueue></Response>',
        "/stay": "<Response><Pause length='30'/></Response>",
        "/out": "<Response><Hangup/></Response>",
        "/elsewhere": "<Response><Hangup/></Response>",
    }
    async with document_server(pages) as server, node.phone() as phone:
        await numbers(node, server)
        leaving = await node.ring(phone, GUEST)
        await leaving.ended.wait()
        staying = await node.ring(phone, MODERATOR)
        while not server.asked("/stay"):
            await asyncio.sleep(0.02)
        [line] = (await page_queues(node.database, node.account_id, offset=0, limit=10))[0]

        await dequeue(
            node.database, node.account_id, line.queue.id, None,
            url=server.url("/elsewhere"), method="POST", now=utc_now(),
        )  # fmt: skip
        await staying.ended.wait()

    assert server.asked("/out")[0]["QueueResult"] == "leave"
    assert len(server.asked("/elsewhere")) == 1


async def told(node: VoiceNode, count: int) -> list[dict[str, str]]:
    """What the first so many callbacks will say."""
    rows: list[asyncpg.Record] = []
    while len(rows) < count:
        async with node.database.reading() as tx:
            rows = await tx.connection.fetch(  # what a worker will send
                "select data from events where type = 'status_callback' order by id"
            )
    return [dict(row["data"]["form"]) for row in rows]


async def test_progress_of_a_conference_and_who_speaks_is_told_in_order(node: VoiceNode, tmp_path: Path) -> None:
    events = "start end join leave speaker"
    room = noun(statusCallback="/told", statusCallbackEvent=events, participantLabel="first", beep="false")
    pages: dict[str, Page] = {"/guest": f"<Response><Dial>{room}</Dial></Response>", "/moderator": 404, "/told": ""}
    async with document_server(pages) as server, node.phone() as phone:
        await numbers(node, server)
        call = await node.ring(phone, GUEST)
        assert await call.wait_answered()
        await told(node, 2)
        speech = tmp_path / "speech.ulaw"
        speech.write_bytes(tone(500, duration_ms=600))
        await call.play(Prompt(speech, 600))
        await told(node, 4)
        call.hang_up()
        forms = await told(node, 6)
    assert [form["StatusCallbackEvent"] for form in forms] == [
        "participant-join",
        "conference-start",
        "participant-speech-start",
        "participant-speech-stop",
        "participant-leave",
        "conference-end",
    ]
    assert [form["SequenceNumber"] for form in forms] == ["1", "2", "3", "4", "5", "6"]
    [conference] = await conferences(node)
    assert ConferenceId(from_sid("CF", forms[0]["ConferenceSid"])) == conference.id
    assert (forms[0]["FriendlyName"], forms[0]["ParticipantLabel"], forms[0]["Muted"]) == (
        "town hall",
        "first",
        "false",
    )
    assert forms[5]["ReasonConferenceEnded"] == "last-participant-left"


async def test_announcement_to_all_asks_its_document_once_and_all_hear_it(node: VoiceNode) -> None:
    """Twilio's `AnnounceUrl`."""
    room = noun(beep="false", statusCallback="/told", statusCallbackEvent="announcement")
    pages: dict[str, Page] = {
        "/guest": f"<Response><Dial>{room}</Dial></Response>",
        "/moderator": 404,
        "/told": "",
        "/say": "<Response><Say>The meeting ends in five minutes</Say><Pause/><Gather/></Response>",
    }
    async with document_server(pages) as server, node.phone() as phone:
        await numbers(node, server)
        guests = [await node.ring(phone, GUEST) for _ in range(2)]
        for guest in guests:
            assert await guest.wait_answered()
        while not await conferences(node) or not await both_are_in(node):
            await asyncio.sleep(0.02)
        [conference] = await conferences(node)

        await announce(
            node.database, node.account_id, conference.id, url=server.url("/say"), method="POST", now=utc_now()
        )
        for guest in guests:
            await until_sound(guest)
        [form] = await told(node, 1)
        for guest in guests:
            guest.hang_up()

        assert len(server.asked("/say")) == 1
    assert form["StatusCallbackEvent"] == "announcement-end"


async def both_are_in(node: VoiceNode) -> bool:
    [conference] = await conferences(node)
    async with node.database.reading() as tx:
        present = await tx.conferences.participants_in([conference.id])
    return [each.status for each in present] == ["joined", "joined"]
