"""`Conferences`, `Participants`, `Queues` and `Members` with the official Twilio library, and in Restcomm's dialect."""

from collections.abc import Mapping

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client as TwilioClient

from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.ids import CallId, new_id, to_sid, utc_now
from dialplane.domain.programs.rooms import JoinConference, JoinQueue
from dialplane.domain.rooms.conferences import Participant
from dialplane.domain.rooms.queues import Queuecall
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.calling.calls import take_commands
from dialplane.services.rooms import queuecalls
from dialplane.services.rooms.conference_rooms import enter, left
from dialplane.services.transaction import Database
from tests.faces.restcomm.conftest import FormClient
from tests.faces.restcomm.test_twilio_library import aside, twilio_client

__all__ = ["twilio_client"]
NODE = "voice-1"


def call_of(account: Account) -> Call:
    now = utc_now()
    return Call(
        id=CallId(new_id(now)),
        account_id=account.id,
        direction=Direction.INCOMING,
        status=CallStatus.PROGRESSING,
        source=Address("tel", "+12125550100"),
        destination=Address("tel", "+12125550101"),
        created_at=now,
        node=NODE,
    )


async def enters(database: Database, account: Account, name: str = "room", **fields: object) -> Participant:
    command = JoinConference(name=name, **fields)  # type: ignore[arg-type]  # given by name
    return (await enter(database, call_of(account), command, utc_now())).participant


async def waits(database: Database, account: Account, name: str = "desk") -> Queuecall:
    return (await queuecalls.enter(database, call_of(account), JoinQueue(name=name), utc_now()))[1]


async def orders(database: Database) -> list[tuple[str, Mapping[str, object]]]:
    """What the voice node was told, oldest first."""
    return [(order.kind, order.payload) for order in await take_commands(database, NODE)]


async def test_conference_is_listed_fetched_and_ended(
    database: Database, account: Account, twilio_client: TwilioClient
) -> None:
    one = await enters(database, account)
    sid = to_sid("CF", one.conference_id)

    def look() -> None:
        [listed] = twilio_client.conferences.list(status="in-progress", friendly_name="room", date_created=utc_now())
        fetched = twilio_client.conferences(sid).fetch()

        assert (listed.sid, listed.friendly_name, listed.status) == (sid, "room", "in-progress")
        assert fetched.date_created is not None
        assert twilio_client.conferences.list(status="completed") == []
        assert twilio_client.conferences(sid).update(status="completed").status == "completed"

    await aside(look)
    assert await orders(database) == [("conference_end", {"conference_id": str(one.conference_id)})]
    after = await left(database, one, utc_now(), closes="conference-ended-via-api")
    assert after is not None
    assert await aside(lambda: twilio_client.conferences(sid).participants.list()) == []
    ended = await aside(lambda: twilio_client.conferences(sid).fetch())
    assert (ended.status, ended.reason_conference_ended) == ("completed", "conference-ended-via-api")


async def test_participants_are_listed_muted_held_coached_and_removed(
    database: Database, account: Account, twilio_client: TwilioClient
) -> None:
    agent = await enters(database, account, label="agent", ends=True)
    coach = await enters(database, account, muted=True)
    conference = twilio_client.conferences(to_sid("CF", agent.conference_id))
    agent_sid, coach_sid = to_sid("CA", agent.call_id), to_sid("CA", coach.call_id)

    def change() -> None:
        listed = conference.participants.list()
        assert [(each.call_sid, each.label, each.muted, each.end_conference_on_exit) for each in listed] == [
            (agent_sid, "agent", False, True),
            (coach_sid, None, True, False),
        ]
        assert [each.call_sid for each in conference.participants.list(muted=True)] == [coach_sid]
        assert conference.participants("agent").fetch().call_sid == agent_sid
        assert conference.participants(agent_sid).update(muted=True).muted is True
        held = conference.participants(agent_sid).update(hold=True, hold_url="https://example.org/hold.wav")
        assert (held.muted, held.hold) == (True, True)
        coaching = conference.participants(coach_sid).update(coaching=True, call_sid_to_coach=agent_sid)
        assert (coaching.coaching, coaching.call_sid_to_coach) == (True, agent_sid)
        assert conference.participants(coach_sid).update(coaching=False).coaching is False
        conference.participants(coach_sid).update(announce_url="https://example.org/hello.xml")
        assert conference.participants(agent_sid).delete() is True
        with pytest.raises(TwilioRestException) as unknown:
            conference.participants(to_sid("CA", new_id(utc_now()))).fetch()
        assert unknown.value.status == 404

    await aside(change)
    told = await orders(database)
    assert [kind for kind, _ in told] == ["conference_change"] * 5 + ["conference_kick"]
    assert [told[1][1]["hold_url"], told[4][1]["announce_url"]] == [
        "https://example.org/hold.wav",
        "https://example.org/hello.xml",
    ]


async def test_coaching_of_a_stranger_is_refused_and_named(
    database: Database, account: Account, twilio: FormClient
) -> None:
    coach = await enters(database, account)
    path = f"Conferences/{to_sid('CF', coach.conference_id)}/Participants/{to_sid('CA', coach.call_id)}.json"
    stranger = to_sid("CA", new_id(utc_now()))

    answer = await twilio.ask("POST", path, {"Coaching": "true", "CallSidToCoach": stranger})

    assert answer.status == 400
    assert answer.json["message"].startswith("CallSidToCoach")


async def test_restcomm_shows_its_own_words(database: Database, account: Account, restcomm: FormClient) -> None:
    waiting = await enters(database, account, starts=False)
    sid, call_sid = to_sid("CF", waiting.conference_id), to_sid("CA", waiting.call_id)

    absent = await restcomm.ask("GET", f"Conferences/{sid}.json")
    muted = await restcomm.ask("POST", f"Conferences/{sid}/Participants/{call_sid}.json", {"Mute": "true"})
    listed = await restcomm.ask("GET", f"Conferences/{sid}/Participants.json")
    await enters(database, account)
    present = await restcomm.ask("GET", "Conferences.json?Status=RUNNING_MODERATOR_PRESENT")
    as_xml = await restcomm.ask("GET", f"Conferences/{sid}")

    assert absent.json["status"] == "RUNNING_MODERATOR_ABSENT"
    assert absent.json["subresource_uris"]["participants"].endswith(f"/Conferences/{sid}/Participants.json")
    assert (muted.json["muted"], muted.json["sid"]) == (True, call_sid)
    assert [each["end_conference_on_enter"] for each in listed.json["calls"]] == [False]
    assert [each["sid"] for each in present.json["conferences"]] == [sid]
    assert b"<Status>RUNNING_MODERATOR_PRESENT</Status>" in as_xml.raw


async def test_queue_is_made_changed_listed_and_deleted(twilio_client: TwilioClient) -> None:
    def lifetime() -> None:
        made = twilio_client.queues.create(friendly_name="desk", max_size=7)
        with pytest.raises(TwilioRestException) as twice:
            twilio_client.queues.create(friendly_name="desk")
        renamed = twilio_client.queues(str(made.sid)).update(friendly_name="front desk", max_size=8)

        assert (made.friendly_name, made.max_size, made.current_size, made.average_wait_time) == ("desk", 7, 0, 0)
        assert twice.value.code == 22003
        assert (renamed.friendly_name, renamed.max_size) == ("front desk", 8)
        assert [queue.sid for queue in twilio_client.queues.list()] == [made.sid]
        assert twilio_client.queues(str(made.sid)).fetch().date_created is not None
        assert twilio_client.queues(str(made.sid)).delete() is True
        assert twilio_client.queues.list() == []

    await aside(lifetime)


async def test_members_wait_in_order_and_the_front_is_taken_out(
    database: Database, account: Account, twilio_client: TwilioClient
) -> None:
    first = await waits(database, account)
    second = await waits(database, account)
    queue = twilio_client.queues(to_sid("QU", first.queue_id))

    def members() -> None:
        listed = queue.members.list()
        assert [(each.call_sid, each.position, each.queue_sid) for each in listed] == [
            (to_sid("CA", first.call_id), 1, to_sid("QU", first.queue_id)),
            (to_sid("CA", second.call_id), 2, to_sid("QU", first.queue_id)),
        ]
        assert queue.members("Front").fetch().call_sid == listed[0].call_sid
        assert queue.members(str(listed[1].call_sid)).fetch().position == 2
        taken = queue.members("Front").update(url="https://example.org/agent.xml", method="GET")
        assert taken.call_sid == listed[0].call_sid
        assert queue.fetch().current_size == 1
        with pytest.raises(TwilioRestException) as full:
            queue.delete()
        assert full.value.code == 22002

    await aside(members)
    [(kind, payload)] = await orders(database)
    assert (kind, payload["url"], payload["method"]) == ("queue_redirect", "https://example.org/agent.xml", "GET")


async def test_unknown_conference_queue_and_member_are_404(twilio: FormClient) -> None:
    unknown = new_id(utc_now())

    for path in (f"Conferences/{to_sid('CF', unknown)}", f"Queues/{to_sid('QU', unknown)}/Members/Front"):
        assert (await twilio.ask("GET", f"{path}.json")).status == 404


async def test_bad_parameters_are_400_and_named(database: Database, account: Account, twilio: FormClient) -> None:
    one = await enters(database, account)
    sid, call_sid = to_sid("CF", one.conference_id), to_sid("CA", one.call_id)
    asked = [
        (f"Conferences/{sid}", {"Status": "paused"}, "Status"),
        (f"Conferences/{sid}", {"AnnounceUrl": "ftp://example.org"}, "AnnounceUrl"),
        (f"Conferences/{sid}/Participants/{call_sid}", {"Muted": "maybe"}, "Muted"),
        (f"Conferences/{sid}/Participants", {"From": "+12125550100"}, "To"),
        ("Queues", {}, "FriendlyName"),
        ("Queues", {"FriendlyName": "a", "MaxSize": "0"}, "MaxSize"),
    ]

    for path, form, named in asked:
        answer = await twilio.ask("POST", f"{path}.json", form)
        assert (answer.status, named in answer.json["message"]) == (400, True), (path, answer.json)
    assert await orders(database) == []
