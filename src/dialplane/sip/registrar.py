"""The registrar's rules (RFC 3261 10.3): what a REGISTER changes in the bindings of one address of record.

Pure: whoever calls has found out that the request is allowed for this address, keeps the bindings, and does not
let two requests for one address in at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from dialplane.sip.errors import SipParseError
from dialplane.sip.message import Request, Response, parse_expires
from dialplane.sip.uri import SipUri
from dialplane.sip.values import NameAddress

LONGEST_CONTACT = 1_024


@dataclass(frozen=True, slots=True)
class Binding:
    """One place where an address of record can be reached."""

    contact: str
    """The URI as the phone wrote it, escapes and all: a %00 in it stays three octets."""
    call_id: str
    cseq: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RegistrarLimits:
    contacts: int = 10
    shortest_s: int = 60
    longest_s: int = 3_600


@dataclass(frozen=True, slots=True)
class RegistrationPlan:
    """What to store: first take `removed` away, then put `added`. `bindings` is how it stands then."""

    bindings: tuple[Binding, ...]
    added: tuple[Binding, ...] = ()
    removed: tuple[str, ...] = ()
    """Contacts as they are stored."""

    def answer(self, request: Request, now: datetime) -> Response:
        """The 200 that lists every binding with its seconds to live, and tells the phone the time (10.3 step 8)."""
        response = request.response(200)
        response.headers.add("Date", format_datetime(now, usegmt=True))
        for binding in self.bindings:
            seconds = max(1, round((binding.expires_at - now).total_seconds()))
            response.headers.add("Contact", f"<{binding.contact}>;expires={seconds}")
        return response


def plan_registration(
    request: Request, current: Sequence[Binding], now: datetime, limits: RegistrarLimits = RegistrarLimits()
) -> RegistrationPlan | Response:
    """The plan for a REGISTER, or the response that refuses it; then nothing changes."""
    live = [binding for binding in current if binding.expires_at > now]
    try:
        wanted = _wanted(request)
        if wanted is None:
            return _remove_all(request, live)
        if len(wanted) > limits.contacts:
            return request.response(403, "Too Many Contacts")
        return _apply(request, live, wanted, now, limits)
    except SipParseError as error:
        return request.response(error.status, error.reason)


@dataclass(frozen=True, slots=True)
class _Wanted:
    contact: str
    uri: SipUri
    seconds: int | None
    """None: as the registrar likes."""


def _wanted(request: Request) -> list[_Wanted] | None:
    """The contacts of the request; None for `*`. Raises SipParseError."""
    texts = request.headers.split_values("Contact")
    if "*" in texts:
        if len(texts) > 1 or request.expires != 0:
            raise SipParseError("Contact: * with another contact or without Expires: 0")
        return None
    return [_read_contact(NameAddress.parse(text), request.expires) for text in texts]


def _read_contact(address: NameAddress, general_expires: int | None) -> _Wanted:
    if len(address.uri) > LONGEST_CONTACT:
        raise SipParseError("contact too long")
    uri = SipUri.parse(address.uri)
    if uri.scheme == "tel":
        raise SipParseError("contact is no SIP address")
    if "expires" not in address.parameters:
        return _Wanted(address.uri, uri, general_expires)
    # A malformed one asks for an hour, whatever the request's Expires says (20.10).
    return _Wanted(address.uri, uri, parse_expires(address.parameters["expires"]))


def _remove_all(request: Request, live: Sequence[Binding]) -> RegistrationPlan | Response:
    if any(_is_out_of_order(request, binding) for binding in live):
        return _refuse_order(request)
    return RegistrationPlan((), removed=tuple(binding.contact for binding in live))


def _apply(
    request: Request, live: Sequence[Binding], wanted: Sequence[_Wanted], now: datetime, limits: RegistrarLimits
) -> RegistrationPlan | Response:
    kept = {binding.contact: SipUri.parse(binding.contact) for binding in live}
    by_contact = {binding.contact: binding for binding in live}
    added: list[Binding] = []
    removed: list[str] = []
    for want in wanted:
        if want.seconds is not None and 0 < want.seconds < limits.shortest_s:
            refusal = request.response(423)
            refusal.headers.add("Min-Expires", str(limits.shortest_s))
            return refusal
        # A phone may write its address in another way than last time; equal addresses are one binding (10.3).
        for contact in [contact for contact, uri in kept.items() if uri.matches(want.uri)]:
            if contact in by_contact and _is_out_of_order(request, by_contact[contact]):
                return _refuse_order(request)
            del kept[contact]
            removed.append(contact)
            added = [binding for binding in added if binding.contact != contact]
        if want.seconds == 0:
            continue
        seconds = limits.longest_s if want.seconds is None else min(want.seconds, limits.longest_s)
        kept[want.contact] = want.uri
        added.append(Binding(want.contact, request.call_id, request.cseq.number, now + timedelta(seconds=seconds)))
    if len(kept) > limits.contacts:
        return request.response(403, "Too Many Contacts")
    fresh = {binding.contact: binding for binding in added}
    return RegistrationPlan(
        tuple(fresh.get(contact) or by_contact[contact] for contact in kept),
        tuple(added),
        tuple(contact for contact in removed if contact in by_contact),
    )


def _is_out_of_order(request: Request, binding: Binding) -> bool:
    """An older request of the same phone came late: it must not undo the newer one (10.3 step 7)."""
    return binding.call_id == request.call_id and request.cseq.number <= binding.cseq


def _refuse_order(request: Request) -> Response:
    return request.response(500, "Out Of Order")
