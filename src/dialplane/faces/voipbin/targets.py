"""What a number runs, as `GET|PUT /v1.0/numbers/{id}/targets` reads and writes it (DESIGN section 4)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal, TypeAlias, assert_never
from uuid import UUID

import msgspec

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.numbering.forwarding import read_sip_server
from dialplane.domain.numbering.targets import (
    UNWRITTEN,
    ApplicationTarget,
    DocumentTarget,
    FlowTarget,
    ForwardTarget,
    HookTarget,
    MessageTarget,
    ReferTarget,
    Targets,
    TargetsChange,
    VoiceTarget,
)
from dialplane.domain.programs.sources import DocumentSource, FlowSource, ProgramSource
from dialplane.services.eventing.webhooks import check_url

Url = Annotated[str, msgspec.Meta(max_length=2048)]
Method = Literal["GET", "POST"]
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class RunFlow(msgspec.Struct, tag_field="type", tag="flow"):
    """Run one of the account's flows."""

    flow_id: UUID


class RunDocument(msgspec.Struct, tag_field="type", tag="document"):
    """Fetch an XML document and run it."""

    url: Url
    method: Method = "POST"
    fallback_url: Url = ""
    fallback_method: Method = "POST"
    status_url: Url = ""
    status_method: Method = "POST"


class UseApplication(msgspec.Struct, tag_field="type", tag="application"):
    """Use an application's own target."""

    application_id: UUID


class ForwardTo(msgspec.Struct, tag_field="type", tag="forward"):
    """Ring app users, a PSTN number or a SIP server: exactly one of the three."""

    users: Annotated[list[_Word], msgspec.Meta(max_length=50)] = []
    pstn: str = ""
    sip: Annotated[str, msgspec.Meta(max_length=255)] = ""


class CallHook(msgspec.Struct, tag_field="type", tag="hook"):
    """Hand an inbound message to a URL."""

    url: Url
    method: Method = "POST"
    token: Annotated[str, msgspec.Meta(max_length=255)] = "incoming-sms"


VoiceBody: TypeAlias = RunFlow | RunDocument | UseApplication | ForwardTo
MessageBody: TypeAlias = RunFlow | RunDocument | UseApplication | CallHook
ReferBody: TypeAlias = RunDocument | UseApplication


class NumberTargets(msgspec.Struct):
    """Null is none. Where targets are changed, what is left out stays."""

    voice: VoiceBody | msgspec.UnsetType | None = msgspec.UNSET
    message: MessageBody | msgspec.UnsetType | None = msgspec.UNSET
    refer: ReferBody | msgspec.UnsetType | None = msgspec.UNSET


def read_targets(body: NumberTargets) -> Targets:
    """The targets that `body` means; what is left out is none. Raises Invalid naming the field."""
    return read_change(body).over(Targets())


def read_change(body: NumberTargets) -> TargetsChange:
    """The targets that `body` writes. Raises Invalid naming the field."""
    return TargetsChange(
        voice=UNWRITTEN if body.voice is msgspec.UNSET else _read_voice(body.voice),
        message=UNWRITTEN if body.message is msgspec.UNSET else _read_message(body.message),
        refer=UNWRITTEN if body.refer is msgspec.UNSET else _read_refer(body.refer, "refer"),
    )


_AS_WRITTEN = {
    "call_flow_id": "voice.flow_id",
    "message_flow_id": "message.flow_id",
    "voice_application_id": "voice.application_id",
    "message_application_id": "message.application_id",
    "refer_application_id": "refer.application_id",
}


@contextmanager
def named_as_written() -> Iterator[None]:
    """A flow or application of a target that the account has not is 404, under the name that it has in `targets`."""
    try:
        yield
    except (Invalid, NotFound) as refusal:
        field = _AS_WRITTEN.get(refusal.field)
        if field is None:
            raise
        message = refusal.message.replace(refusal.field, field, 1)
        raise NotFound(message, reason=refusal.reason, field=field) from refusal


def _read_voice(body: VoiceBody | None) -> VoiceTarget:
    match body:
        case None:
            return None
        case RunFlow():
            return FlowTarget(body.flow_id)
        case ForwardTo():
            return _read_forward(body)
        case RunDocument() | UseApplication():
            return _read_refer(body, "voice")
        case _:
            assert_never(body)


def _read_message(body: MessageBody | None) -> MessageTarget:
    match body:
        case None:
            return None
        case RunFlow():
            return FlowTarget(body.flow_id)
        case CallHook():
            return HookTarget(_url(body.url, "message.url"), body.method, body.token)
        case RunDocument() | UseApplication():
            return _read_refer(body, "message")
        case _:
            assert_never(body)


def _read_refer(body: ReferBody | None, field: str) -> ReferTarget:
    if body is None:
        return None
    if isinstance(body, UseApplication):
        return ApplicationTarget(body.application_id)
    return DocumentTarget(
        _url(body.url, f"{field}.url"),
        body.method,
        _optional_url(body.fallback_url, f"{field}.fallback_url"),
        body.fallback_method,
        _optional_url(body.status_url, f"{field}.status_url"),
        body.status_method,
    )


def read_program(body: RunFlow | RunDocument, field: str) -> ProgramSource:
    """What a call is given to run. Raises Invalid naming the field below `field`."""
    if isinstance(body, RunFlow):
        return FlowSource(body.flow_id)
    if body.status_url:
        raise Invalid("status_url is of a number: a live call tells where it was told to", field=f"{field}.status_url")
    return DocumentSource(
        _url(body.url, f"{field}.url"),
        body.method,
        _optional_url(body.fallback_url, f"{field}.fallback_url"),
        body.fallback_method,
    )


def _read_forward(body: ForwardTo) -> ForwardTarget:
    if sum(map(bool, (body.users, body.pstn, body.sip))) != 1:
        raise Invalid("A forward has exactly one of users, pstn and sip", field="voice")
    pstn = normalize_tel(body.pstn, field="voice.pstn") if body.pstn else ""
    sip = read_sip_server(body.sip, field="voice.sip") if body.sip else ""
    return ForwardTarget(tuple(body.users), pstn, sip)


def _optional_url(url: str, field: str) -> str:
    return _url(url, field) if url else ""


def _url(url: str, field: str) -> str:
    try:
        return check_url(url)
    except Invalid as refusal:
        raise Invalid(f"{field} must be an http or https URL", field=field) from refusal
