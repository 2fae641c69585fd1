"""Streams over real websockets, on a leg whose audio the test plays by hand (carriers reference a)."""

import asyncio
import socket
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest
from twilio.request_validator import RequestValidator

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import to_sid
from dialplane.domain.programs.commands import (
    Done,
    Failed,
    StartStream,
    StatusCallback,
    StopStream,
)
from dialplane.voice.streaming.outbox import MOST_AUDIO, Outbox
from tests.fakes.stream_app import StreamApp, listening
from tests.voice.line import Line, a_line

FRAME = b"\x7f" * 160
OTHER = b"\x11" * 160


@pytest.fixture
async def line(database: PostgresDatabase) -> AsyncIterator[Line]:
    async with a_line(database) as made:
        yield made


@pytest.fixture
async def app() -> AsyncIterator[StreamApp]:
    async with listening(StreamApp()) as made:
        yield made


async def test_application_is_told_in_order_and_hears_the_caller(line: Line, app: StreamApp) -> None:
    line.start(app, parameters=(("agent", "7"), ("who", "caller")))
    start = await app.wait("start")
    for _ in range(3):
        line.media.hear(FRAME)
    line.hear_key("5")
    await app.wait("dtmf")
    line.leg.hang_up()
    await app.wait("stop")

    assert app.events == ["connected", "start", "media", "dtmf", "stop"]
    assert app.heard() == FRAME * 3
    assert [message.get("sequenceNumber") for message in app.messages] == [None, "1", "2", "3", "4", "5", "6"]
    assert start["start"]["customParameters"] == {"agent": "7", "who": "caller"}
    assert start["start"]["tracks"] == ["inbound"]
    assert start["start"]["callSid"] == to_sid("CA", line.leg.call.id)
    assert start["streamSid"].startswith("MZ")
    assert [m["media"]["timestamp"] for m in app.messages if m["event"] == "media"] == ["0", "20", "40"]


async def test_handshake_is_signed_with_the_accounts_token(line: Line, app: StreamApp) -> None:
    line.start(app)
    await app.wait("start")

    async with line.database.reading() as tx:
        account = await tx.accounts.find(line.leg.call.account_id)
    assert account is not None
    signature = app.handshakes[0].headers["X-Twilio-Signature"]
    assert RequestValidator(account.auth_token).validate(app.url, {}, signature)


async def test_mark_comes_back_when_what_was_sent_before_it_has_played(line: Line, app: StreamApp) -> None:
    line.start(app)
    await app.wait("start")
    await app.say(FRAME * 2)
    await app.mark("first")
    await app.say(OTHER)
    await app.mark("second")
    await line.media.wait_fed(480)

    line.media.play(320)
    await app.wait("mark")
    line.media.play(160)
    await app.wait("mark", times=2)

    assert [m["mark"]["name"] for m in app.messages if m["event"] == "mark"] == ["first", "second"]
    assert bytes(line.media.played) == FRAME * 2 + OTHER


async def test_mark_with_nothing_before_it_comes_back_at_once(line: Line, app: StreamApp) -> None:
    line.start(app)
    await app.wait("start")
    await app.mark("now")

    assert (await app.wait("mark"))["mark"] == {"name": "now"}


async def test_clear_drops_the_queue_and_returns_each_pending_mark_at_once(line: Line, app: StreamApp) -> None:
    line.start(app)
    await app.wait("start")
    for name in ("a", "b", "c"):
        await app.say(FRAME * 50)
        await app.mark(name)
    await line.media.wait_fed(3 * 50 * 160)

    await app.clear()
    await app.wait("mark", times=3)

    assert [m["mark"]["name"] for m in app.messages if m["event"] == "mark"] == ["a", "b", "c"]
    assert not line.media.fed
    assert not line.media.played


async def test_nonsense_of_the_application_harms_nobody(line: Line, app: StreamApp) -> None:
    line.start(app)
    await app.wait("start")
    for text in ("", "{", "[1,2]", '{"event":"nonsense"}', '{"event":"media","media":{"payload":"?"}}'):
        await app.send_text(text)
    await app.mark("still there")

    assert (await app.wait("mark"))["mark"] == {"name": "still there"}


async def test_program_that_is_replaced_ends_its_two_way_stream(line: Line, app: StreamApp) -> None:
    stream = line.start(app)
    await app.wait("start")
    await app.say(FRAME * 100)
    await line.media.wait_fed(16_000)
    stream.cancel()

    assert set((await app.wait("stop"))["stop"]) == {"accountSid", "callSid"}
    await app.closed.wait()
    assert not line.media.fed
    assert not line.leg.is_ended


async def test_close_by_the_application_lets_the_program_go_on(line: Line) -> None:
    async def say_and_close(app: StreamApp) -> None:
        await app.wait("start")
        await app.say(FRAME)

    async with listening(StreamApp(say_and_close)) as app:
        assert await line.start(app) == Done()

    assert not line.media.fed  # what the application had said before it left is nobody's answer to the next verb
    assert line.media.taps == 0
    line.hear_key("1")
    assert not line.leg.digits.is_empty  # the digits are the program's again
    assert "stop" not in app.events


async def test_one_way_stream_goes_on_beside_the_program_with_both_tracks(line: Line, app: StreamApp) -> None:
    assert await line.start(app, two_way=False, track="both", name="ears") == Done()
    start = await app.wait("start")
    line.media.hear(FRAME)
    line.media.hear(OTHER, sent=True)
    await app.wait("media", times=2)
    await app.say(FRAME)  # nobody listens on this side
    await line.streams.stop(line.leg, StopStream("other"))
    await line.streams.stop(line.leg, StopStream("ears"))
    await app.wait("stop")

    assert start["start"]["tracks"] == ["inbound", "outbound"]
    assert (app.heard(), app.heard("outbound")) == (FRAME, OTHER)
    assert not line.media.fed


@pytest.mark.parametrize(("track", "tracks"), [("inbound", ["inbound"]), ("outbound", ["outbound"])])
async def test_one_way_stream_of_one_track(line: Line, app: StreamApp, track: str, tracks: list[str]) -> None:
    await line.start(app, two_way=False, track=track)
    start = await app.wait("start")
    line.media.hear(FRAME)
    line.media.hear(OTHER, sent=True)
    await app.wait("media")

    assert start["start"]["tracks"] == tracks
    assert app.heard(track) == (FRAME if track == "inbound" else OTHER)


async def test_second_stream_of_the_same_name_is_refused(line: Line, app: StreamApp) -> None:
    await line.start(app, two_way=False, name="ears")

    assert await line.start(app, two_way=False, name="ears") == Failed("the call has a stream ears already")


async def test_status_callback_tells_start_and_stop(line: Line, app: StreamApp) -> None:
    stream = line.start(app, status=StatusCallback("http://example.org/"), name="bot")
    await app.wait("start")
    await line.streams.stop(line.leg, StopStream("bot"))
    assert await stream == Done()

    assert [form["StreamEvent"] for form in await line.told()] == ["stream-started", "stream-stopped"]
    assert {form["StreamName"] for form in await line.told()} == {"bot"}
    assert {form["CallSid"] for form in await line.told()} == {to_sid("CA", line.leg.call.id)}


async def test_application_that_drops_ends_the_stream_with_an_error_told(line: Line, app: StreamApp) -> None:
    stream = line.start(app, status=StatusCallback("http://example.org/"))
    await app.wait("start")
    app.drop()

    assert await stream == Done()
    assert [form["StreamEvent"] for form in await line.told()] == ["stream-started", "stream-error"]
    assert not line.leg.is_ended


async def test_server_that_never_answers_fails_in_time(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialplane.voice.streaming.streams.HANDSHAKE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = StreamApp(port=silent.getsockname()[1])

        assert await line.start(app, status=StatusCallback("http://e.org/")) == Failed(
            "no answer in time; other networks than those that the operator allows need wss"
        )

    assert (await line.told())[0]["StreamError"].startswith("no answer in time")


@pytest.mark.parametrize("status", [200, 302, 404])
async def test_server_that_opens_no_websocket_fails(line: Line, app: StreamApp, status: int) -> None:
    app.refuse_with = status

    result = await line.start(app)

    assert isinstance(result, Failed)
    assert len(app.handshakes) == 1  # a redirect is not followed


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ws://127.0.0.1:9000/", "the address is not public"),
        ("wss://127.0.0.1:9000/", "the address is not public"),
        ("wss://169.254.169.254/", "the address is not public"),
        ("wss://localhost:9000/", "localhost leads to an address that is not public"),
        ("wss://user:secret@example.org/", "the URL holds user information"),
        ("wss://example.org:22/", "the URL's port is neither 80, 443 nor 1024 to 65535"),
        ("https://example.org/", "the URL is not a ws or wss address"),
        ("ws://8.8.8.8/", "the address is not public; other networks than those that the operator allows need wss"),
    ],
)
async def test_address_that_no_tenant_may_reach_is_refused(database: PostgresDatabase, url: str, reason: str) -> None:
    """SSRF-1."""
    async with a_line(database, allow=()) as line:
        command = StartStream(url, two_way=True)

        assert await line.streams.start(line.leg, command) == Failed(reason)


async def test_call_that_ends_during_the_handshake_leaves_nothing_behind(line: Line, app: StreamApp) -> None:
    stream = line.start(app)
    line.leg.hang_up()

    await stream
    assert line.media.taps == 0


async def test_audio_beyond_ten_minutes_ahead_is_dropped(line: Line, app: StreamApp) -> None:
    line.start(app)
    await app.wait("start")
    for _ in range(7):
        await app.say(b"\x7f" * 800_000)
    await app.mark("end")
    await line.media.wait_marked()
    line.media.play(len(line.media.fed))
    await app.wait("mark")

    assert len(line.media.played) == 4_800_000


async def test_application_that_stops_reading_gets_the_newest_audio_and_all_words_later(
    line: Line, app: StreamApp
) -> None:
    line.start(app)
    await app.wait("start")
    app.read(False)
    for number in range(200):
        for _ in range(200):
            line.media.hear(FRAME)
        await asyncio.sleep(0)
        if number == 100:
            line.hear_key("7")
    line.media.hear(OTHER)
    app.read(True)
    await app.wait("dtmf")
    line.leg.hang_up()
    await app.wait("stop")

    media = [message for message in app.messages if message["event"] == "media"]
    assert len(media) < 40_001
    assert media[-1]["media"]["payload"] == b64encode(OTHER).decode()
    assert media[-1]["media"]["chunk"] == "40001"  # the gap in the numbers tells what is missing


async def test_slow_reader_gets_the_newest_audio_and_every_other_message() -> None:
    outbox = Outbox()
    outbox.put(b"start")
    for number in range(MOST_AUDIO + 3):
        outbox.put_audio(b"%d" % number)
    outbox.put(b"stop")
    outbox.close()

    taken = []
    while (message := await outbox.take()) is not None:
        taken.append(message)

    assert taken == [b"start", *(b"%d" % number for number in range(3, MOST_AUDIO + 3)), b"stop"]
    assert outbox.dropped == 3
