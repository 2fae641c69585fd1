"""Traces: off and unloaded unless asked for; a call's spans, a request's, and SIP as Homer gets it."""

import socket
import subprocess
import sys
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from dialplane.adapters.sip.homer import HomerTap
from dialplane.adapters.tracing.otlp import Tracing
from dialplane.bootstrap.tracing import find_tracing
from dialplane.config.settings import Settings
from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import Call, CallStatus, Direction, HangupReason
from dialplane.domain.calling.traces import key_fact
from dialplane.domain.ids import AccountId, CallId, new_id, utc_now
from dialplane.sip.transaction_peer import Source
from tests.sip.test_hep import decode

REQUEST = (
    b"REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nCall-ID: c1\r\n"
    b'Authorization: Digest username="a", response="secret"\r\nContent-Length: 0\r\n\r\n'
)


def _ended_call(**changes: object) -> Call:
    began = utc_now()
    call = Call(
        CallId(new_id(began)), AccountId(uuid4()), Direction.INCOMING, CallStatus.HANGUP, Address("tel", "+1"),
        Address("tel", "+2"), began, sip_call_id="abc@h", node="voice-1",
    )  # fmt: skip
    return call.after(
        **{
            "ringing_at": began + timedelta(seconds=1),
            "progressing_at": began + timedelta(seconds=3),
            "ended_at": began + timedelta(seconds=10),
            "hangup_reason": HangupReason.NORMAL,
            **changes,
        }
    )


def _spans(exporter: InMemorySpanExporter, tracing: Tracing) -> dict[str, ReadableSpan]:
    tracing.close()
    return {span.name: span for span in exporter.get_finished_spans()}


def test_call_is_one_trace_of_its_own_id_with_ringing_talk_and_program() -> None:
    exporter = InMemorySpanExporter()
    tracing = Tracing("voice", node="voice-1", exporter=exporter)
    call = _ended_call()

    tracing.call_over(call, [key_fact("5", call.created_at + timedelta(seconds=5))])

    spans = _spans(exporter, tracing)
    root = spans["call incoming"]
    assert set(spans) == {"call incoming", "ringing", "talk", "program key"}
    assert {span.context.trace_id for span in spans.values() if span.context} == {call.id.int}
    assert root.parent is None
    assert all(span.parent == root.context for name, span in spans.items() if name != "call incoming")
    assert (spans["talk"].end_time or 0) - (spans["talk"].start_time or 0) == 7_000_000_000
    assert root.attributes is not None
    assert root.attributes["sip.call_id"] == "abc@h"
    assert not spans["program key"].attributes


def test_leg_that_belongs_to_a_call_is_in_that_calls_trace() -> None:
    exporter = InMemorySpanExporter()
    tracing = Tracing("voice", exporter=exporter)
    master = CallId(new_id(utc_now()))

    tracing.call_over(_ended_call(master_call_id=master, progressing_at=None), [])

    contexts = [span.context for span in _spans(exporter, tracing).values()]
    assert {context.trace_id for context in contexts if context} == {master.int}


async def test_request_is_a_span_below_its_clients_and_shows_the_route_and_not_the_path() -> None:
    """API-5: what a path or query holds is nobody's business."""
    exporter = InMemorySpanExporter()
    tracing = Tracing("api", exporter=exporter)
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["path_template"] = "/v1.0/calls/{call_id}"
        await send({"type": "http.response.start", "status": 503, "headers": []})

    async def nothing(*_: Any) -> Any:
        """The far side is silent and hears all."""

    scope: Any = {
        "type": "http",
        "method": "GET",
        "path": "/v1.0/calls/1",
        "query_string": b"accesskey=vb_secret",
        "headers": [(b"traceparent", parent.encode()), (b"authorization", b"Bearer vb_secret")],
    }
    await tracing.around(app)(scope, nothing, nothing)

    (span,) = _spans(exporter, tracing).values()
    assert span.name == "GET /v1.0/calls/{call_id}"
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == parent.split("-")[1]
    assert not span.status.is_ok
    assert "vb_secret" not in span.to_json()


def test_nothing_of_it_is_loaded_where_nobody_wants_it() -> None:
    program = (
        "import sys, dialplane.bootstrap.voice, dialplane.bootstrap.api\n"
        "print(any(name.startswith('opentelemetry') for name in sys.modules))"
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "False"
    assert find_tracing(Settings(), "api") is None


@pytest.mark.parametrize("is_sent", [False, True])
def test_homer_gets_each_message_without_its_secrets(is_sent: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as homer:
        homer.bind(("127.0.0.1", 0))
        homer.settimeout(10)
        tap = HomerTap("127.0.0.1", homer.getsockname()[1], node="voice-1", near=("192.0.2.1", 5060))

        (tap.sent if is_sent else tap.received)(REQUEST, Source("198.51.100.7", 5099, "udp"))
        found = decode(homer.recv(65_535))
        tap.close()

    ports = [int.from_bytes(found[name]) for name in ("source_port", "target_port")]
    assert ports == ([5060, 5099] if is_sent else [5099, 5060])
    assert found["correlation"] == b"c1"
    assert b"secret" not in found["payload"]
    assert found["payload"].startswith(b"REGISTER")


def test_homer_that_is_not_there_costs_nobody_anything() -> None:
    tap = HomerTap("127.0.0.1", 9, node="n", near=("127.0.0.1", 5060))

    for _ in range(3):
        tap.received(REQUEST, Source("127.0.0.1", 1, "udp"))

    tap.close()
