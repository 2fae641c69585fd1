"""Calls, recordings, messages, webhooks and rooms in the portal, without JavaScript."""

from uuid import UUID

import pytest

from dialplane.domain.ids import AccountId, utc_now
from dialplane.services.messaging.messages import list_messages
from dialplane.services.rooms.conferences import ConferenceChange, create_conference
from dialplane.services.rooms.queues import QueueChange, create_queue
from dialplane.services.transaction import Database
from tests.portal.activity import HANDSET, Activity, fill
from tests.portal.conftest import COOKIE, Surfer, another, join, link_in_mail
from tests.portal.test_numbers import DID, bought

HOSTILE = '"><img src=x onerror=1>'


def account_of(at: str) -> AccountId:
    return AccountId(UUID(at.rsplit("/", 1)[-1]))


@pytest.fixture
async def activity(surfer: Surfer, at: str, database: Database) -> Activity:
    await bought(surfer, at, database)
    return await fill(database, account_of(at), DID)


async def test_log_is_filtered_and_leads_to_a_call(surfer: Surfer, at: str, activity: Activity) -> None:
    everything = await surfer.get(f"{at}/calls")
    by_state = await surfer.get(f"{at}/calls?state=busy&direction=incoming&text=hell")
    by_number = await surfer.get(f"{at}/calls?number=%2B1+212+555+0123")
    nothing = await surfer.get(f"{at}/calls?to=2020-01-01T00:00")

    def found(shown: object) -> list[bool]:
        return [f"{at}/calls/{each}" in shown.links() for each in (activity.live, activity.over)]  # type: ignore[attr-defined]  # a Shown

    assert [found(each) for each in (everything, by_state, by_number, nothing)] == [
        [True, True],
        [False, True],
        [True, False],
        [False, False],
    ]
    assert "No call fits" in nothing.words


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("state=x", "Choose one of the list"),
        ("direction=up", "Choose one of the list"),
        ("from=yesterday", "A time is written such as"),
        ("from=2026-01-02T00:00&to=2026-01-01T00:00", "The end lies before the beginning"),
        ("number=" + "1" * 200, "At most 128 characters"),
        ("after=AAAA", "Call log"),
    ],
)
async def test_filter_that_cannot_be_read_is_said_beside_its_field(
    surfer: Surfer, at: str, query: str, said: str
) -> None:
    shown = await surfer.get(f"{at}/calls?{query}")

    assert shown.status == (200 if said == "Call log" else 422)
    assert said in shown.words


async def test_calls_page_shows_facts_course_ladder_and_route(surfer: Surfer, at: str, activity: Activity) -> None:
    shown = await surfer.get(f"{at}/calls/{activity.over}")
    pcap = await _download(surfer, f"{at}/calls/{activity.over}/capture.pcap")

    for part in (
        "End busy, by the party",
        "Why did this call go there?",
        "It was refused",
        "5 was pressed",
        "3 SIP messages between Dialplane and 127.0.0.1:5080",
        "sent again",
        "1 min 1 s",
    ):
        assert part in shown.words or part in shown.text, part
    assert f"/recordings/{activity.recording}.wav?expires=" in shown.text
    assert pcap[:4] == b"\xd4\xc3\xb2\xa1"


async def _download(surfer: Surfer, path: str) -> bytes:
    async with surfer.session.get(surfer.base + path, headers={"Cookie": f"{COOKIE}={surfer.cookie}"}) as answer:
        assert answer.status == 200
        return await answer.read()


async def test_replay_says_what_is_wrong_beside_its_field(surfer: Surfer, at: str, activity: Activity) -> None:
    """The call ran no flow, so that there is nothing to play it against; a draft is read first."""
    page = await surfer.get(f"{at}/calls/{activity.over}/replay")

    tried = [
        await surfer.send(page, "/replay", **fields)
        for fields in (
            {"actions": "{"},
            {"flow": "x"},
            {"actions": "[]"},
            {"flow": "01890000-0000-7000-8000-000000000000"},
        )
    ]

    assert [each.status for each in tried] == [422] * 4
    assert "The draft is no JSON" in tried[0].words
    assert "Choose a flow of the list" in tried[1].words
    assert "is not kept" in tried[2].words


async def test_living_call_is_hung_up_and_sent_elsewhere(
    surfer: Surfer, at: str, activity: Activity, database: Database
) -> None:
    live = await surfer.get(f"{at}/calls/live")
    refused = await surfer.send(await surfer.get(f"{at}/calls/{activity.live}/redirect"), "/redirect", url="nowhere")
    await surfer.send(
        await surfer.get(f"{at}/calls/{activity.live}/redirect"), "/redirect", url="https://example.com/a.xml"
    )
    after = await surfer.send(live, "/hangup")

    async with database.transaction() as tx:
        orders = await tx.calls.take_commands("local", limit=10)
    assert "1 call goes on" in live.words
    assert (refused.status, "http or https URL" in refused.words) == (422, True)
    assert [order.kind for order in orders] == ["redirect", "hangup"]
    assert after.path == f"{at}/calls/live"


async def test_recording_is_played_written_down_and_deleted(surfer: Surfer, at: str, activity: Activity) -> None:
    page = f"{at}/recordings/{activity.recording}"

    listed = await surfer.get(f"{at}/recordings")
    refused = await surfer.send(await surfer.get(page), "/transcribe", language="tlh")
    written = await surfer.send(await surfer.get(page), "/transcribe", language="en-US")
    deleted = await surfer.send(written, "/delete")

    assert "<audio" in listed.text
    assert (refused.status, written.status) == (422, 200)
    assert "Being written" in written.words
    assert "No recording yet" in deleted.words


async def test_conversation_goes_both_ways_and_a_form_sent_twice_sends_once(
    surfer: Surfer, at: str, activity: Activity, database: Database
) -> None:
    page = await surfer.get(f"{at}/conversations/{activity.conversation}")
    sent = await surfer.send(page, f"/conversations/{activity.conversation}", text="Are you there?", do="send")
    again = await surfer.send(page, f"/conversations/{activity.conversation}", text="Are you there?", do="send")
    answered = await surfer.send(sent, f"/conversations/{activity.conversation}", text="I am.", do="handset")
    empty = await surfer.send(answered, f"/conversations/{activity.conversation}", text="", do="send")

    messages = await list_messages(database, account_of(at), before=None, limit=10)
    assert [each.text for each in messages] == ["I am.", "Are you there?", "Hello", "Hello"]
    assert "The message is on its way." in again.words
    assert "I am." in (await surfer.get(f"{at}/messages")).words
    assert (empty.status, "It must not be empty" in empty.words) == (422, True)
    assert f"{at}/conversations/{activity.conversation}" in (await surfer.get(f"{at}/conversations")).links()
    assert "1 segment" in page.words


async def test_text_pad_writes_only_with_numbers_of_the_project(
    surfer: Surfer, at: str, activity: Activity, database: Database
) -> None:
    page = await surfer.get(f"{at}/phone")
    sent = await surfer.send(page, "/phone/texts", own=DID, peer="+12125550177", text="First", do="send")
    foreign = await surfer.send(page, "/phone/texts", own="+12025550111", peer=HANDSET, text="x", do="handset")
    stolen = await surfer.send(foreign, "/phone/texts", own="+12025550111", peer=HANDSET, text="x", do="send")

    assert "First" in sent.words
    assert (foreign.status, "This is not a number of yours" in foreign.words) == (422, True)
    assert (stolen.status, "is not a number of this account" in stolen.words) == (422, True)
    assert len(await list_messages(database, account_of(at), before=None, limit=10)) == 3


async def test_events_of_a_webhook_are_chosen(surfer: Surfer, at: str) -> None:
    shown = await surfer.get(f"{at}/webhooks")
    wrong = await surfer.send(shown, "/webhooks", url="https://example.com/", event_types="Calls!")
    fields = {**shown.form("/webhooks"), "url": "https://example.com/mine", "event_types": "tag_*, call_hangup"}
    made = await surfer.post(
        f"{at}/webhooks",
        [
            *((name, each) for name, each in fields.items() if name[0] != "_"),
            ("topic", "message_*"),
            ("topic", "order_*"),
        ],
    )
    [link] = {link for link in (await surfer.get(f"{at}/webhooks")).links() if link.startswith(f"{at}/webhooks/")}
    chosen = await surfer.get(link)
    all_again = await surfer.send(chosen, "/change", event_types="")

    assert (wrong.status, "is no event type" in wrong.words, made.status) == (422, True, 200)
    assert chosen.form("/change")["event_types"] == "tag_*, call_hangup"
    assert chosen.text.count("checked") == 2
    assert all_again.form("/change")["event_types"] == ""


async def test_webhook_shows_its_secret_once_and_is_switched_rotated_and_deleted(surfer: Surfer, at: str) -> None:
    refused = await surfer.send(await surfer.get(f"{at}/webhooks"), "/webhooks", url="ftp://x")
    made = await surfer.send(refused, "/webhooks", url="https://example.com/mine", name="Mine")
    [link] = {link for link in (await surfer.get(f"{at}/webhooks")).links() if link.startswith(f"{at}/webhooks/")}
    later = await surfer.get(link)
    rotated = await surfer.send(later, "/rotate")
    off = await surfer.send(later, "/switch", to="off")
    on = await surfer.send(off, "/switch", to="on")
    changed = await surfer.send(on, "/change", url="https://example.com/other", name="Other")
    deleted = await surfer.send(changed, "/delete")

    assert (refused.status, "http or https URL" in refused.words) == (422, True)
    assert [each.text.count("whsec_") - each.text.count("whsec_•") for each in (made, later, rotated)] == [2, 0, 2]
    assert "switched off by the account" in off.words
    assert "Well" in on.words
    assert "https://example.com/other" in changed.text
    assert "No webhook yet" in deleted.words


async def test_deliveries_are_read_to_the_letter_and_replayed(surfer: Surfer, at: str, activity: Activity) -> None:
    log = await surfer.get(f"{at}/deliveries?endpoint={activity.endpoint}&state=pending")
    link = next(link for link in log.links() if link.startswith(f"{at}/deliveries/"))
    shown = await surfer.get(link)
    delivery = link.rsplit("/", 1)[-1]
    ticked = await surfer.send(log, "/deliveries/replay", delivery=delivery)
    hastened = await surfer.send(shown, "/replay")
    none = await surfer.send(log, "/deliveries/replay")
    wrong = await surfer.get(f"{at}/deliveries?state=lost")

    assert "webhook-signature: v1," in shown.text
    assert "POST https://example.com/hook" in shown.text
    assert "1 events are sent again." in ticked.words
    assert "The event is sent again." in hastened.words
    assert "Tick the deliveries first." in none.words
    assert wrong.status == 422


async def test_rooms_show_who_is_in_them(surfer: Surfer, at: str, database: Database) -> None:
    account_id, now = account_of(at), utc_now()
    queue = await create_queue(database, account_id, QueueChange(name="Support"), now)
    conference = await create_conference(database, account_id, ConferenceChange(name="Monday"), now=now)

    rooms = await surfer.get(f"{at}/rooms")
    pages = [
        await surfer.get(f"{at}/rooms/queues/{queue.queue.id}"),
        await surfer.get(f"{at}/rooms/conferences/{conference.conference.id}"),
    ]

    assert "Support 0 served, 0 gave up 0 waiting" in rooms.words
    assert "Monday" in rooms.words
    assert [each.status for each in pages] == [200, 200]
    assert "Nobody waits and nobody is served." in pages[0].words


async def test_what_others_say_is_shown_as_text(surfer: Surfer, at: str, database: Database) -> None:
    """WEB-7: caller names, texts, causes, routes, names of webhooks."""
    await bought(surfer, at, database)
    found = await fill(database, account_of(at), DID, said=HOSTILE)
    paths = (
        "/calls", "/calls/live", f"/calls/{found.over}", f"/calls/{found.live}", f"/calls/{found.live}/redirect",
        f"/calls/{found.over}/replay", "/recordings", f"/recordings/{found.recording}", "/messages", "/conversations",
        f"/conversations/{found.conversation}", "/webhooks", f"/webhooks/{found.endpoint}", "/deliveries", "/phone",
    )  # fmt: skip

    shown = [await surfer.get(f"{at}{path}") for path in paths]

    assert [each.status for each in shown] == [200] * len(paths)
    assert [each.path for each in shown if "<img src=x" in each.text] == []
    assert sum("&lt;img" in each.text for each in shown) > 8


async def test_viewer_looks_and_touches_nothing(surfer: Surfer, at: str, activity: Activity) -> None:
    await surfer.send(await surfer.get(f"{at}/people"), "/people", email="vi@example.com", role="viewer")
    link = await link_in_mail(surfer)
    viewer = another(surfer)
    await join(viewer, "vi@example.com", name="Vi")
    await viewer.send(await viewer.get(link), link)
    shown = await viewer.get(f"{at}/calls/{activity.live}")
    token = (await viewer.get(at)).forms()[0]["csrf"]

    tried = [
        await viewer.post(f"{at}{path}", {"csrf": token})
        for path in (
            f"/calls/{activity.live}/hangup", f"/recordings/{activity.recording}/delete",
            f"/conversations/{activity.conversation}", "/phone/texts", "/webhooks", "/deliveries/replay",
        )
    ]  # fmt: skip

    assert shown.status == 200
    assert "Hang up" not in shown.words
    assert [each.status for each in tried] == [403] * len(tried)


async def test_anothers_things_are_not_found(surfer: Surfer, at: str, activity: Activity) -> None:
    stranger = another(surfer)
    await join(stranger, "bob@example.com", name="Bob")
    own = (await stranger.send(await stranger.get("/portal/projects/new"), "/new", name="Bob's")).path
    paths = (
        f"/calls/{activity.over}", f"/calls/{activity.over}/capture.pcap", f"/recordings/{activity.recording}",
        f"/conversations/{activity.conversation}", f"/webhooks/{activity.endpoint}",
        f"/phone?thread={activity.conversation}",
    )  # fmt: skip

    assert [(await stranger.get(f"{own}{path}")).status for path in paths] == [404] * len(paths)
