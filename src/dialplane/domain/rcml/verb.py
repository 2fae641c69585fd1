"""One verb or noun of a document: its attributes read with their defaults; what is wrong is noted, not raised."""

from collections.abc import Collection, Iterator

from dialplane.domain.programs.sources import DocumentSource, HttpMethod, ProgramSource, StatusCallback
from dialplane.domain.rcml.context import Context, Request
from dialplane.domain.rcml.document import Element
from dialplane.domain.rcml.parameters import Form

LONGEST_ATTRIBUTE = 4096
WRONG_VALUE = 12200
"""Twilio's schema warning, for what has no code of its own."""
EMPTY_CALLBACK = 11101
CALL_EVENTS = frozenset({"initiated", "ringing", "answered", "completed", "in-progress", "in_progress"})
RECORDING_EVENTS = frozenset({"in-progress", "completed", "absent", "failed"})
"""What a status callback may be told of, where `…Event` asks for a part of it."""


class Verb:
    """An element with the context in which it runs."""

    def __init__(self, element: Element, context: Context) -> None:
        self.element = element
        self.context = context

    @property
    def name(self) -> str:
        return self.element.name

    @property
    def text(self) -> str:
        return self.element.text

    def children(self, names: Collection[str]) -> Iterator["Verb"]:
        """Those of these names, in order; anything else is noted and skipped, in Restcomm's dialect with its own
        children still visited."""
        for element in self.element.visit(frozenset(names), into_unknown=not self.context.is_twilio):
            if element.name in names:
                yield Verb(element, self.context)
            else:
                self.warn(WRONG_VALUE, f"<{element.name}> has no meaning inside of <{self.name}> and is skipped")

    def warn(self, code: int, message: str) -> None:
        self.context.note(code, message, is_error=False)

    def has(self, name: str) -> bool:
        return name in self.element.attributes

    def option(self, name: str, default: str = "") -> str:
        return self.element.attributes.get(name, default)[:LONGEST_ATTRIBUTE]

    def cannot_do(self, *names: str) -> None:
        """Say so of attributes that stand here and that this server does not carry out."""
        for name in names:
            if self.option(name).lower() not in ("", "false"):
                self.warn(WRONG_VALUE, f"<{self.name}>: {name} is not carried out by this server")

    def number(self, name: str, default: int, *, least: int = 0, most: int = 2**31 - 1, code: int = WRONG_VALUE) -> int:
        """A whole number in its bounds; anything else is noted and counts as the default."""
        text = self.option(name)
        if not text:
            return default
        digits = text[:12]
        if digits.isascii() and digits.isdecimal() and least <= int(digits) <= most:
            return int(digits)
        self.context.note(code, f"<{self.name}>: {name} is a whole number from {least} on, not {text[:40]!r}")
        return default

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.option(name).lower()
        if value not in ("", "true", "false"):
            self.warn(WRONG_VALUE, f"<{self.name}>: {name} is true or false, not {value[:40]!r}")
            return default
        return value == "true" if value else default

    def choice(self, name: str, allowed: Collection[str], default: str, *, code: int = WRONG_VALUE) -> str:
        value = self.option(name)
        if not value or value in allowed:
            return value or default
        self.context.note(code, f"<{self.name}>: {name} is one of {', '.join(sorted(allowed))}, not {value[:40]!r}")
        return default

    def method(self, name: str = "method", *, code: int = WRONG_VALUE) -> HttpMethod:
        value = self.option(name).upper()
        if value and value not in ("GET", "POST"):
            self.context.note(code, f"<{self.name}>: {name} is GET or POST, not {value[:40]!r}")
        return "GET" if value == "GET" else "POST"

    def keys(self, name: str, default: str, *, code: int) -> str:
        """A set of keys of the telephone."""
        value = self.option(name)
        if all(key in "0123456789*#" for key in value) and len(value) <= 12:
            return value if self.has(name) else default
        self.context.note(code, f"<{self.name}>: {name} holds keys of 0-9 * #, not {value[:40]!r}")
        return default

    def pressed(self, name: str, *, code: int = WRONG_VALUE) -> str:
        """Keys that are to be sent, `w` for half a second; what holds anything else is noted and counts as none."""
        value = self.option(name)[:128]
        if all(key in "0123456789*#ABCDwW" for key in value):
            return value
        self.context.note(code, f"<{self.name}>: {name} holds 0-9 * # A-D w, not {value[:40]!r}")
        return ""

    def url(self, name: str) -> str:
        """The address in an attribute, made absolute; "" where there is none. An empty one is noted."""
        value = self.option(name)
        if self.has(name) and not value:
            self.warn(EMPTY_CALLBACK, f"<{self.name}>: {name} is empty")
        return self.context.absolute(value) if value else ""

    def action(self, parameters: Form, *, default_is_document: bool, code: int = WRONG_VALUE) -> Request | None:
        """What is asked for with the verb's outcome. Without `action` it is the document itself, or nothing."""
        url = self.url("action") or (self.context.base_url if default_is_document else "")
        return Request(url, self.method(code=code), parameters) if url else None

    def status(self, name: str = "statusCallback", events: Collection[str] = CALL_EVENTS) -> StatusCallback | None:
        """Who is told of progress; its events separated by blanks or commas.

        Those that there are not are noted and left out; where none is left, the usual ones are told.
        """
        url = self.url(name)
        if not url:
            return None
        asked = frozenset(self.option(f"{name}Event").lower().replace(",", " ").split())
        for unknown in sorted(asked.difference(events)):
            self.warn(WRONG_VALUE, f"<{self.name}>: {name}Event has no {unknown[:40]!r}")
        known = asked.intersection(events)
        return StatusCallback(url, self.method(f"{name}Method"), known, self.context.subject.api_version)

    def document(self, url: str, method: str, *, code: int = WRONG_VALUE) -> ProgramSource | None:
        """Another document named by an attribute; None where it names none. `code` notes a bad method."""
        address = self.url(url)
        return DocumentSource(address, self.method(method, code=code)) if address else None
