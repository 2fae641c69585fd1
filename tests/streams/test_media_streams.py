"""Twilio's messages, as the reference prints them (carriers reference a)."""

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.streams.media_streams import Audio, Clear, Mark, StreamWriter, read_message


def writer() -> StreamWriter:
    return StreamWriter("MZ1", "AC1", "CA1", ("inbound", "outbound"), {"name": "value"})


def test_messages_are_as_documented_and_every_counter_is_a_string() -> None:
    stream = writer()

    told = [
        stream.connected(),
        stream.start(),
        stream.media("inbound", 0, b"\xff" * 160),
        stream.media("inbound", 20, b"\x7f" * 160),
        stream.media("outbound", 20, b"\x00" * 160),
        stream.dtmf("5"),
        stream.mark("said"),
        stream.stop(),
    ]

    assert [json.loads(each) for each in told] == [
        {"event": "connected", "protocol": "Call", "version": "1.0.0"},
        {
            "event": "start",
            "sequenceNumber": "1",
            "streamSid": "MZ1",
            "start": {
                "streamSid": "MZ1",
                "accountSid": "AC1",
                "callSid": "CA1",
                "tracks": ["inbound", "outbound"],
                "customParameters": {"name": "value"},
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            },
        },
        _media("2", "inbound", "1", "0", b"\xff" * 160),
        _media("3", "inbound", "2", "20", b"\x7f" * 160),
        _media("4", "outbound", "1", "20", b"\x00" * 160),
        {
            "event": "dtmf",
            "sequenceNumber": "5",
            "streamSid": "MZ1",
            "dtmf": {"track": "inbound_track", "digit": "5"},
        },
        {"event": "mark", "sequenceNumber": "6", "streamSid": "MZ1", "mark": {"name": "said"}},
        {"event": "stop", "sequenceNumber": "7", "streamSid": "MZ1", "stop": {"accountSid": "AC1", "callSid": "CA1"}},
    ]


def _media(sequence: str, track: str, chunk: str, timestamp: str, ulaw: bytes) -> dict[str, object]:
    payload = b64encode(ulaw).decode()
    return {
        "event": "media",
        "sequenceNumber": sequence,
        "streamSid": "MZ1",
        "media": {"track": track, "chunk": chunk, "timestamp": timestamp, "payload": payload},
    }


def test_messages_of_an_application_are_understood_with_and_without_stream_sid() -> None:
    assert read_message(b'{"event":"media","streamSid":"MZ1","media":{"payload":"//8="}}') == Audio(b"\xff\xff")
    assert read_message(b'{"event":"mark","mark":{"name":"m"}}') == Mark("m")
    assert read_message(b'{"event":"clear"}') == Clear()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b"[]",
        b'"media"',
        b'{"event":"media"}',
        b'{"event":"media","media":{"payload":"%%%"}}',
        b'{"event":"media","media":{"payload":7}}',
        b'{"event":"mark"}',
        b'{"event":"mark","mark":{}}',
        b'{"event":"new"}',
        b'{"media":{"payload":"//8="}}',
        b"\xff\xfe",
    ],
)
def test_what_is_not_understood_is_passed_over(text: bytes) -> None:
    assert read_message(text) is None


@given(st.binary(max_size=200))
def test_any_octets_give_a_message_or_nothing(text: bytes) -> None:
    read_message(text)
