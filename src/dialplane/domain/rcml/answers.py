"""What a tenant's server answered, as a document: by its status, its content type and its body (reference 5.2, 5.3)."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from dialplane.domain.programs.commands import Failed, Fetched, Medium, Result
from dialplane.domain.rcml.context import Request
from dialplane.domain.rcml.document import DocumentFault, Element, parse_document
from dialplane.domain.rcml.parameters import Form

NO_ADDRESS, UNREACHABLE, NOT_OK, NOT_FOUND, CONTENT_TYPE, NOT_WELL_FORMED = 11100, 11205, 11206, 21402, 12300, 12100
WAITING_FAILED = 13233
"""Of what somebody was to hear who waits, whatever was wrong with it."""
NOT_RETRIEVED = 11200
"""Twilio's word for any answer that is none of 200 to 299."""
UNREADABLE = "\ufffd"
"""What stands for octets that could not be read."""
_XML = ("text/xml", "application/xml", "text/html", "application/xhtml+xml", "application/rcml+xml")


@dataclass(frozen=True, slots=True)
class Document:
    """A document that can be run. `url` is where it came from, after redirects; empty: with a request."""

    root: Element
    url: str = ""
    headers: Form = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no document. `code` is that of the notification; `status` the HTTP status, where that is why."""

    code: int
    message: str
    status: int = 0
    headers: str = ""
    body: str = ""
    is_final: bool = False
    """No fallback is asked."""


def read_answer(request: Request, result: Result, medium: Medium, *, is_twilio: bool = False) -> Document | Trouble:
    match result:
        case Fetched():
            return _read(request, result, medium, is_twilio)
        case Failed(reason):
            return Trouble(UNREACHABLE if _is_address(request.url) else NO_ADDRESS, f"{request.url}: {reason}")
    return Trouble(UNREACHABLE, f"{request.url}: no answer")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _read(request: Request, answer: Fetched, medium: Medium, is_twilio: bool) -> Document | Trouble:
    url = answer.url or request.url
    shown = f"Content-Type: {answer.content_type}" if answer.content_type else ""
    if not 200 <= answer.status < 300:
        code = NOT_RETRIEVED if is_twilio else NOT_FOUND if answer.status == 404 else NOT_OK
        return Trouble(code, f"{request.url} answered {answer.status}", answer.status, shown, answer.body)
    kind = answer.content_type.partition(";")[0].strip().lower()
    if kind in _XML or kind.endswith("+xml"):
        if UNREADABLE in answer.body:
            message = f"{request.url}: the document is not written in the encoding that it names"
            return Trouble(NOT_WELL_FORMED, message, 0, shown, answer.body)
        try:
            return Document(parse_document(answer.body) if answer.body.strip() else _NOTHING, url, answer.headers)
        except DocumentFault as fault:
            return Trouble(NOT_WELL_FORMED, f"{request.url}: {fault}", 0, shown, answer.body)
    is_call, is_sound = medium is Medium.CALL, kind.startswith("audio/")
    if is_call and is_sound:
        return Document(_response(Element("Play", {}, url)), url, answer.headers)
    # Nothing to run and nothing to reply: hang up, or send nothing. The body of a sound is never read.
    if not answer.body.strip() and not is_sound:
        return Document(_NOTHING, url, answer.headers)
    if kind == "text/plain" and (is_call or is_twilio):
        verb = "Say" if is_call else "Message"
        return Document(_response(Element(verb, {}, answer.body.strip())), url, answer.headers)
    message = f"{request.url}: the content type {kind[:80] or '(none)'} is no document"
    return Trouble(CONTENT_TYPE, message, 0, shown, answer.body, is_final=not is_call)


def read_text(xml: str) -> Document | Trouble:
    """A document that came with a request (`Twiml`)."""
    try:
        return Document(parse_document(xml))
    except DocumentFault as fault:
        return Trouble(NOT_WELL_FORMED, str(fault), body=xml)


def _response(verb: Element) -> Element:
    return Element("Response", {}, "", (verb,))


_NOTHING = Element("Response", {})
