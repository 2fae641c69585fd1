"""Calls and requests as OpenTelemetry traces, sent by OTLP over HTTP. Needs the extra `otel`, and is imported only
where a collector is named.

A call's trace has the call's own id (that of the call that it belongs to, where it is chained), so that whoever knows
the call finds the trace. Spans are made when the call is over, from the times that its row has: a live call pays
nothing. What a program was told (digits, speech, answers) is in none of them, only that it was.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime

from litestar.types import ASGIApp
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from dialplane import __version__
from dialplane.adapters.tracing.requests import TracedRequests
from dialplane.domain.calling.calls import Call, Direction, HangupReason
from dialplane.domain.calling.traces import Fact

_WANTED: ContextVar[int | None] = ContextVar("wanted_trace_id", default=None)


class _CallIds(RandomIdGenerator):
    """A trace's id is what is wanted at the moment, else random."""

    def generate_trace_id(self) -> int:
        return _WANTED.get() or super().generate_trace_id()


class Tracing:
    """One for a process. `close` sends what waits."""

    def __init__(self, role: str, *, node: str = "", endpoint: str = "", exporter: SpanExporter | None = None) -> None:
        """`endpoint` is the collector's base; an `exporter` stands in for it."""
        resource = Resource.create(
            {"service.name": f"dialplane-{role}", "service.version": __version__, "service.instance.id": node or role}
        )
        self._provider = TracerProvider(resource=resource, id_generator=_CallIds())
        sender = exporter or OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(sender))
        self._tracer = self._provider.get_tracer("dialplane", __version__)
        self._incoming = TraceContextTextMapPropagator()

    def call_over(self, call: Call, facts: Sequence[Fact]) -> None:
        """The spans of a call that has ended."""
        ended_at = call.ended_at or call.updated_at or call.created_at
        token = _WANTED.set((call.master_call_id or call.id).int)
        try:
            root = self._tracer.start_span(
                f"call {call.direction}",
                context=trace.set_span_in_context(trace.INVALID_SPAN),
                kind=SpanKind.SERVER if call.direction is Direction.INCOMING else SpanKind.CLIENT,
                attributes=_attributes(call),
                start_time=_nanoseconds(call.created_at),
            )
        finally:
            _WANTED.reset(token)
        if call.ringing_at is not None:
            self._part(root, "ringing", call.ringing_at, call.progressing_at or ended_at)
        if call.progressing_at is not None:
            self._part(root, "talk", call.progressing_at, ended_at)
        for fact in facts:
            at = datetime.fromisoformat(str(fact["at"]))
            self._part(root, f"program {fact['kind']}", at, at)
        if call.hangup_reason is HangupReason.FAILED:
            root.set_status(Status(StatusCode.ERROR, call.cause_text))
        root.end(_nanoseconds(ended_at))

    def around(self, app: ASGIApp) -> ASGIApp:
        """The application, each of whose requests is a span."""
        return TracedRequests(app, self._begin_request)

    def _begin_request(self, method: str, headers: Sequence[tuple[bytes, bytes]]) -> Span:
        """A span below that of the client's `traceparent`, where it sent one; the caller ends it."""
        told = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers if name in _TOLD}
        return self._tracer.start_span(method, context=self._incoming.extract(told), kind=SpanKind.SERVER)

    def close(self) -> None:
        self._provider.shutdown()

    def _part(self, root: Span, name: str, began: datetime, ended: datetime) -> None:
        context = trace.set_span_in_context(root)
        self._tracer.start_span(name, context=context, start_time=_nanoseconds(began)).end(_nanoseconds(ended))


_TOLD = (b"traceparent", b"tracestate")


def _attributes(call: Call) -> dict[str, str | int]:
    return {
        "dialplane.call_id": str(call.id),
        "dialplane.account_id": str(call.account_id),
        "dialplane.node": call.node,
        "dialplane.direction": call.direction.value,
        "dialplane.hangup_reason": call.hangup_reason.value,
        "dialplane.hangup_by": call.hangup_by.value,
        "sip.call_id": call.sip_call_id,
        "sip.status_code": call.sip_code,
    }


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1_000
