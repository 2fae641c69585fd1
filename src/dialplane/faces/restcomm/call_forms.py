"""The parameters by which calls are made (reference 4.4). All of it raises Invalid naming the parameter."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl
from uuid import UUID

from dialplane.domain.addresses import Address, is_tel, read_sip
from dialplane.domain.calling.call_manners import CallManner
from dialplane.domain.calling.routing import forms
from dialplane.domain.programs.recognition import DetectMachine
from dialplane.domain.programs.sources import DocumentSource, DocumentText, ProgramSource
from dialplane.faces.restcomm.callbacks import CALL_EVENTS, read_callback
from dialplane.faces.restcomm.credentials import read_sid
from dialplane.faces.restcomm.dialects import Dialect
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.recording_forms import read_wish

LONGEST_PARTY = 255
LONGEST_TWIML = 4000
LONGEST_RING_S = 600
LONGEST_TALK_S = 86_400
USUAL_RING_S = 60

_CLIENT, _SIP = "client:", "sip:"

NAMES: Mapping[str, str] = {
    "destinations": "To",
    "source": "From",
    "timeout": "Timeout",
    "time_limit": "TimeLimit",
    "headers": "To",
    "username": "Username",
    "send_digits": "SendDigits",
}
"""What services call these parameters."""


@dataclass(frozen=True, slots=True)
class Callee:
    """Whom `To` names, with the SIP headers that may follow it."""

    address: Address
    headers: tuple[tuple[str, str], ...] = ()


def read_to(parameters: Parameters, country: str) -> Callee:
    """`+1…`, `client:alice` or `sip:alice@example.org`, each with `?X-Name=value&…` behind it."""
    text = parameters.text("To").strip()
    party, question, query = text.partition("?")
    if not party:
        raise invalid("To", "is needed", reason="TO_MISSING")
    headers = parse_qsl(query, keep_blank_values=True) if question else []
    return Callee(_read_party(party, "To", country, reason="TO_INVALID"), tuple(headers))


def read_from(parameters: Parameters, country: str) -> Address:
    """`From`, or Twilio's `CallerId`, which goes before it."""
    if not parameters.text("From").strip():
        raise invalid("From", "is needed", reason="FROM_MISSING")
    name = "CallerId" if parameters.text("CallerId").strip() else "From"
    return _read_party(parameters.text(name).strip(), name, country, reason="FROM_INVALID")


def read_manner(parameters: Parameters, callee: Callee, dialect: Dialect) -> CallManner:
    """How it is placed, whoever is called."""
    credentials = ("SipAuthUsername", "SipAuthPassword") if dialect.is_twilio else ("Username", "Password")
    user, password = (parameters.text(name, longest=128) for name in credentials)
    timeout = parameters.number("Timeout", least=1, most=LONGEST_RING_S)
    return CallManner(
        timeout_s=timeout or USUAL_RING_S,
        time_limit_s=read_time_limit(parameters),
        headers=callee.headers,
        username=user,
        password=password,
        send_digits=parameters.text("SendDigits", longest=100),
        status=read_callback(parameters, "StatusCallback", dialect, CALL_EVENTS),
        record=read_wish(parameters, dialect),
        machine=_machine(parameters, dialect),
    )


def read_time_limit(parameters: Parameters) -> int:
    """Seconds that the call may be answered; 0 where none are given."""
    return parameters.number("TimeLimit", least=0, most=LONGEST_TALK_S) or 0


def read_document(parameters: Parameters, *, is_needed: bool) -> ProgramSource | None:
    """`Url` with its fallback or, without it, `Twiml`. None where neither is given and neither is needed."""
    url = parameters.url("Url", reason="CALL_URL_INVALID")
    method, fallback_method = parameters.method("Method"), parameters.method("FallbackMethod")
    fallback = parameters.url("FallbackUrl")
    text = parameters.text("Twiml", longest=LONGEST_TWIML)
    if url:
        return DocumentSource(url, method or "POST", fallback or "", fallback_method or "POST")
    if text:
        return DocumentText(text)
    if is_needed:
        raise invalid("Url", "is needed, or Twiml, or ApplicationSid", reason="CALL_URL_MISSING")
    return None


def read_application(parameters: Parameters) -> UUID | None:
    sid = parameters.text("ApplicationSid")
    if not sid:
        return None
    application_id = read_sid("AP", sid)
    if application_id is None:
        raise invalid("ApplicationSid", "is no sid of an application", reason="APPLICATION_NOT_FOUND")
    return application_id


def with_status(manner: CallManner, url: str, method: str, dialect: Dialect) -> CallManner:
    """The manner with an application's status callback, where the call has none of its own."""
    if manner.status is not None or not url:
        return manner
    given = Parameters({"StatusCallback": (url,), "StatusCallbackMethod": (method,)})
    return replace(manner, status=read_callback(given, "StatusCallback", dialect, CALL_EVENTS))


def _read_party(text: str, name: str, country: str, *, reason: str) -> Address:
    if len(text) > LONGEST_PARTY or not text.isprintable():
        raise invalid(name, f"has {LONGEST_PARTY} printable characters at most", reason=reason)
    if text.lower().startswith(_CLIENT):
        client = text[len(_CLIENT) :]
        if not client:
            raise invalid(name, "names no client", reason=reason)
        return Address("extension", client)
    if "@" in text:
        return Address("sip", read_sip(text))
    number = forms(text.removeprefix(_SIP), country)[0]
    if not is_tel(number) and name == "To":
        raise invalid(name, "is a number, client:name or sip:user@host", reason=reason)
    return Address("tel", number)


def _machine(parameters: Parameters, dialect: Dialect) -> DetectMachine | None:
    """Twilio's `MachineDetection` with what tunes it; only asynchronous detection has a callback of its own.

    That of a participant (`AmdStatusCallback`) always is: who is called into a conference waits for nothing.
    """
    of_call = read_callback(parameters, "AsyncAmdStatusCallback", dialect, ())
    of_participant = read_callback(parameters, "AmdStatusCallback", dialect, ())
    told = of_call or of_participant
    wish = DetectMachine(
        wait=not (parameters.flag("AsyncAmd") or of_participant),
        longest_ms=1000 * (parameters.number("MachineDetectionTimeout", least=3, most=59) or 30),
        greeting_ms=parameters.number("MachineDetectionSpeechThreshold", least=1000, most=6000) or 0,
        pause_ms=parameters.number("MachineDetectionSpeechEndThreshold", least=500, most=5000) or 0,
        silence_ms=parameters.number("MachineDetectionSilenceTimeout", least=2000, most=10_000) or 0,
    )
    match parameters.text("MachineDetection").lower():
        case "" | "none":
            return None
        case "enable" | "detectmessageend" as kind:
            asynchronous = None if wish.wait else told
            return replace(wish, until_message_end=kind == "detectmessageend", status=asynchronous)
    raise invalid("MachineDetection", "is Enable or DetectMessageEnd")
