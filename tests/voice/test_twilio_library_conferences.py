"""The official Twilio library calls somebody into a conference, and takes it out again: on real calls."""

import asyncio

from twilio.rest.api.v2010.account.conference.participant import ParticipantInstance

from tests.effort import PATIENCE_S
from tests.voice.test_twilio_library_calls import OWN, STAYS, Api, api

__all__ = ["api"]


async def participants(api: Api, sid: str, count: int) -> list[ParticipantInstance]:
    """Those in the conference, once they are so many."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found: list[ParticipantInstance] = await api.ask(lambda client: client.conferences(sid).participants.list())
            if len(found) == count:
                return found
            await asyncio.sleep(0.05)


async def test_participants_are_called_in_labelled_muted_and_kicked(api: Api) -> None:
    def call(client: object, label: str, *, ends: bool) -> ParticipantInstance:
        return api.client.conferences("stand-up").participants.create(
            from_=OWN, to=STAYS, label=label, muted=True, end_conference_on_exit=ends, beep="false"
        )

    first = await api.ask(lambda client: call(client, "first", ends=True))
    sid = str(first.conference_sid)
    await participants(api, sid, 1)
    second = await api.ask(lambda client: call(client, "second", ends=False))
    both = await participants(api, sid, 2)

    assert (first.status, first.label) == ("queued", "first")
    assert second.conference_sid == sid
    assert [(each.label, each.muted, each.end_conference_on_exit) for each in both] == [
        ("first", True, True),
        ("second", True, False),
    ]
    assert await api.ask(lambda client: client.conferences(sid).participants("second").delete())
    await participants(api, sid, 1)
    assert await api.ask(lambda client: client.conferences(sid).participants("first").delete())
    await participants(api, sid, 0)
    async with asyncio.timeout(PATIENCE_S):
        while (over := await api.ask(lambda client: client.conferences(sid).fetch())).status != "completed":
            await asyncio.sleep(0.05)
    assert over.reason_conference_ended == "participant-with-end-conference-on-exit-left"
    assert over.call_sid_ending_conference == first.call_sid


async def test_recording_of_a_conference_is_listed_paused_stopped_and_deleted_below_it(api: Api) -> None:
    """Twilio's `Conferences/{sid}/Recordings`, and one of a participant's own call beside it."""
    invited = await api.ask(
        lambda client: client.conferences("board").participants.create(
            from_=OWN, to=STAYS, beep="false", conference_record="record-from-start"
        )
    )
    conference, call = str(invited.conference_sid), str(invited.call_sid)
    await participants(api, conference, 1)
    async with asyncio.timeout(PATIENCE_S):
        while not (made := await api.ask(lambda client: client.conferences(conference).recordings.list())):
            await asyncio.sleep(0.05)
    sid = str(made[0].sid)
    own = await api.ask(lambda client: client.calls(call).recordings.create(recording_track="outbound"))

    def change() -> list[object]:
        of_conference, of_call = api.client.conferences(conference), api.client.calls(call)
        return [
            of_conference.recordings("Twilio.CURRENT").update("paused", pause_behavior="silence").status,
            of_conference.recordings(sid).update("in-progress").status,
            of_call.recordings("Twilio.CURRENT").update("paused", pause_behavior="skip").status,
            of_call.recordings(str(own.sid)).update("stopped").status,
            of_conference.recordings(sid).update("stopped").status,
        ]

    assert await asyncio.to_thread(change) == ["paused", "in-progress", "paused", "stopped", "stopped"]
    async with asyncio.timeout(PATIENCE_S):
        while (
            kept := await api.ask(lambda c: c.conferences(conference).recordings(sid).fetch())
        ).status != "completed":
            await asyncio.sleep(0.05)
    assert (kept.conference_sid, kept.call_sid, kept.source) == (conference, None, "Conference")
    assert own.track == "outbound"
    assert await api.ask(lambda client: client.conferences(conference).recordings(sid).delete())
    assert not await api.ask(lambda client: client.conferences(conference).recordings.list())
    await api.ask(lambda client: client.conferences(conference).update(status="completed"))
