"""What a number does when somebody calls or writes: the document's three ways and ours (VoxCPaaS 3.3 and 3.4)."""

from typing import Literal
from uuid import UUID

import phonenumbers
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.errors import AlreadyExists, Invalid, Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import NumberId
from dialplane.domain.numbering.forwarding import read_sip_server
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import (
    ApplicationTarget,
    DocumentTarget,
    FlowTarget,
    ForwardTarget,
    HookTarget,
    MessageTarget,
    TargetsChange,
    VoiceTarget,
)
from dialplane.faces.portal.configuration import configuration
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.app_users import for_people, make_app_user
from dialplane.faces.portal.pages.getting_in import safe
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action
from dialplane.services.calling.routing import explain
from dialplane.services.eventing.webhooks import check_url
from dialplane.services.numbering.numbers import get_number, set_targets
from dialplane.services.numbering.target_texts import MOST_USERS, is_app_user
from dialplane.services.shapes.targets import target_shape

_NUMBER = "/projects/{project:uuid}/numbers/{number:uuid}"
_CALLER = "+12025550100"
"""Who calls in a test where nobody else is named."""


@action(f"{_NUMBER}/voice", deed=Deed.CONFIGURE)
async def take_voice(request: PortalRequest, number: FromPath[UUID]) -> Response[str]:
    """What calls run from now on. The button says what to do, since all ways are one form's matter."""
    held = await get_number(request.database, request.account_id, NumberId(number))
    try:
        target = _read_voice(request, held)
        if request.fields.get("do") == "add-user" and request.fields.is_on("make"):
            await _make_if_new(request, request.fields.get("user"))
        changed = await set_targets(
            request.database, request.account_id, held.id, TargetsChange(voice=target), request.now, by=_by(request)
        )
    except Refusal as refusal:
        return await _again(request, held, refusal)
    return await done(request, _back(request, held), _voice_said(changed), curl=_curl(request, changed))


async def _make_if_new(request: PortalRequest, user: str) -> None:
    """Raises Invalid (`user`), or LimitExceeded where the plan allows no more of them."""
    try:
        await make_app_user(request, user)
    except AlreadyExists:
        return
    except Refusal as refusal:
        raise for_people(refusal) from None


def _read_voice(request: PortalRequest, held: Number) -> VoiceTarget:
    """Raises Invalid naming the form's field."""
    fields = request.fields
    kept = held.targets.voice if isinstance(held.targets.voice, ForwardTarget) else ForwardTarget()
    match fields.get("do"):
        case "add-user":
            return ForwardTarget(users=_with_user(kept, fields.get("user")))
        case "remove-user":
            users = tuple(each for each in kept.users if each != fields.get("user"))
            return ForwardTarget(users=users) if users else None
        case "set-pstn":
            return ForwardTarget(pstn=_pstn(fields.get("pstn_country"), fields.get("pstn")))
        case "set-sip":
            return ForwardTarget(sip=_sip(fields.get("sip_server"), fields.get("sip_port")))
        case "set-flow":
            return FlowTarget(_choice(fields.get("flow"), field="flow"))
        case "set-application":
            return ApplicationTarget(_choice(fields.get("application"), field="application"))
        case "set-document":
            return DocumentTarget(_url(fields.get("document_url"), "document_url"), _method(fields.get("method")))
        case "remove":
            return None
    raise Invalid("Choose what calls should do")


def _with_user(kept: ForwardTarget, user: str) -> tuple[str, ...]:
    if not is_app_user(user):
        raise Invalid("Enter an app username", field="user")
    if len(kept.users) >= MOST_USERS:
        raise Invalid(f"At most {MOST_USERS} users ring at once", field="user")
    return tuple(dict.fromkeys((*kept.users, user)))


def _pstn(country: str, text: str) -> str:
    """The number as dialled in the country, or international with its `+`."""
    try:
        parsed = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        raise Invalid("Enter a phone number", field="pstn") from None
    return normalize_tel(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), field="pstn")


def _sip(host: str, port: str) -> str:
    return read_sip_server(host, port, field="sip_server", port_field="sip_port")


def _choice(text: str, *, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("Choose one", field=field) from None


def _url(text: str, field: str) -> str:
    try:
        return check_url(text)
    except Invalid as refusal:
        raise Invalid("Enter an http or https URL such as https://example.com:443/answer", field=field) from refusal


def _method(text: str) -> Literal["GET", "POST"]:
    return "GET" if text == "GET" else "POST"


@action(f"{_NUMBER}/messages", deed=Deed.CONFIGURE)
async def take_messages(request: PortalRequest, number: FromPath[UUID]) -> Response[str]:
    """SET MESSAGING POST/GET URL (3.3.6 to 3.3.8), or a flow."""
    held = await get_number(request.database, request.account_id, NumberId(number))
    try:
        target = _read_message(request)
        changed = await set_targets(
            request.database, request.account_id, held.id, TargetsChange(message=target), request.now, by=_by(request)
        )
    except Refusal as refusal:
        return await _again(request, held, refusal)
    said = "Messages run what you chose." if changed.targets.message else "Messages to the number do nothing now."
    return await done(request, _back(request, held), said, curl=_targets_curl(request, changed, "message"))


def _read_message(request: PortalRequest) -> MessageTarget:
    fields = request.fields
    match fields.get("do"):
        case "update-url":
            return HookTarget(_url(fields.get("message_url"), "message_url"), _method(fields.get("message_method")))
        case "set-flow":
            return FlowTarget(_choice(fields.get("message_flow"), field="message_flow"))
        case "set-application":
            return ApplicationTarget(_choice(fields.get("message_application"), field="message_application"))
        case "set-document":
            url = _url(fields.get("message_document"), "message_document")
            return DocumentTarget(url, _method(fields.get("message_document_method")))
        case "remove":
            return None
    raise Invalid("Choose what messages should do")


@action(f"{_NUMBER}/test", deed=Deed.VIEW)
async def take_test(request: PortalRequest, number: FromPath[UUID]) -> Response[str]:
    """Where a call or a message would go now, and why. Nothing is placed or kept."""
    held = await get_number(request.database, request.account_id, NumberId(number))
    caller = "".join(request.fields.get("from").split())[:64] or _CALLER
    kind: Literal["call", "message"] = "message" if request.fields.get("kind") == "message" else "call"
    decision = await explain(request.database, request.account_id, kind, caller, held.number, request.now)
    return await show(
        request,
        "number_test.html",
        form=Form({"from": caller, "kind": kind}),
        number=held,
        decision=decision,
        curl=json_curl(request, "POST", "/v1.0/route_explain", {"kind": kind, "from": caller, "to": held.number}),
    )


# --- parts -----------------------------------------------------------------------------------------------------------


async def _again(request: PortalRequest, held: Number, refusal: Refusal) -> Response[str]:
    form = typed(request.fields).refuse(
        refusal,
        call_flow_id="flow",
        message_flow_id="message_flow",
        voice_application_id="application",
        message_application_id="message_application",
    )
    shown = await configuration(request, held, form)
    expanded = {**shown, "way": request.fields.get("way") or shown["way"]}
    return await show(request, "number_configuration.html", status=422, expanded=expanded)


def _back(request: PortalRequest, held: Number) -> str:
    return safe(request.fields.get("back")) or request.at(f"/numbers/{held.id}")


def _voice_said(number: Number) -> str:
    match number.targets.voice:
        case None:
            return "Calls to the number do nothing now."
        case ForwardTarget(users=users) if users:
            return f"Calls ring {', '.join(users)}."
        case ForwardTarget(pstn=pstn) if pstn:
            return f"Calls are forwarded to {pstn}."
        case ForwardTarget(sip=sip):
            return f"Calls are forwarded to sip:{sip}."
    return "Calls run what you chose. The next call follows it."


def _curl(request: PortalRequest, number: Number) -> str:
    base, voice = request.portal.base, number.targets.voice
    if isinstance(voice, ForwardTarget) and voice.pstn and request.fields.get("do") == "set-pstn":
        return (
            f'curl -X POST {base}/api/callrouting -d "projectid={request.account_id}&authtoken=$AUTH_TOKEN&calltype=3"'
            f" --data-urlencode 'number={number.number}' --data-urlencode 'pstn_number={voice.pstn}'"
        )
    return _targets_curl(request, number, "voice")


def _targets_curl(request: PortalRequest, number: Number, what: Literal["voice", "message"]) -> str:
    """What was just written, as the native API takes it."""
    target = number.targets.voice if what == "voice" else number.targets.message
    return json_curl(request, "PUT", f"/v1.0/numbers/{number.id}/targets", {what: target_shape(target)})


def _by(request: PortalRequest) -> Actor:
    return Actor(ActorKind.PERSON, request.person.id)


HANDLERS: list[HTTPRouteHandler] = [take_voice, take_messages, take_test]
