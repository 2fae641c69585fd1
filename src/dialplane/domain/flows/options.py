"""Kinds of option values: what each accepts when an action is written, and what it gives when the action runs.

A text that contains `${` is a template: when written it is accepted unread, because its value is known only after
substitution. When an action runs, numbers and truth values may therefore arrive as text, and are read from it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from dialplane.domain.addresses import ADDRESS_TYPES, Address, AddressType, normalize_tel
from dialplane.domain.calling.emergency import is_emergency_somewhere
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import NIL

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class OptionFault(Exception):
    """A value that its option does not take. `at` is the path below `option`, `text` says what is expected."""

    def __init__(self, at: str, text: str, *, reason: str = "INVALID_ARGUMENT") -> None:
        super().__init__(f"{at} {text}")
        self.at = at
        self.text = text
        self.reason = reason


class Kind(Protocol):
    """One kind of value."""

    def read(self, value: object, at: str, *, running: bool) -> object:
        """The typed value. `running`: templates are substituted, and text may stand for a number.

        Raises OptionFault.
        """
        ...


def is_template(value: object) -> bool:
    return isinstance(value, str) and "${" in value


def read_option(kind: Kind, value: object, at: str, *, running: bool) -> object:
    """`kind.read`, except that a template that is not substituted yet is given back as it is."""
    if not running and is_template(value):
        return value
    return kind.read(value, at, running=running)


@dataclass(frozen=True, slots=True)
class Text:
    """Text of at most `limit` characters, matching `pattern` where there is one."""

    limit: int = 4096
    pattern: str = ""
    hint: str = ""

    def read(self, value: object, at: str, *, running: bool) -> str:
        if not isinstance(value, str):
            raise OptionFault(at, "must be a string")
        if len(value) > self.limit:
            raise OptionFault(at, f"must have at most {self.limit} characters")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise OptionFault(at, self.hint)
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    reason: str = "INVALID_ARGUMENT"

    def read(self, value: object, at: str, *, running: bool) -> str:
        if not isinstance(value, str) or value not in self.words:
            shown = ", ".join(repr(word) for word in self.words)
            raise OptionFault(at, f"must be one of {shown}", reason=self.reason)
        return value


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within limits (both included)."""

    low: int
    high: int

    def read(self, value: object, at: str, *, running: bool) -> int:
        if running and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}", value):
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise OptionFault(at, "must be a whole number")
        if not self.low <= value <= self.high:
            raise OptionFault(at, f"must be from {self.low} to {self.high}")
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """Any finite number."""

    def read(self, value: object, at: str, *, running: bool) -> float:
        if running and isinstance(value, str):
            value = parse_number(value)
        if not isinstance(value, int | float) or isinstance(value, bool) or not -1e300 < value < 1e300:
            raise OptionFault(at, "must be a number")
        return float(value)


def parse_number(text: str) -> float | None:
    """The decimal number that `text` is, or None."""
    if re.fullmatch(r"\s*[+-]?[0-9]{1,30}(\.[0-9]{0,30})?\s*", text):
        return float(text)
    return None


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def read(self, value: object, at: str, *, running: bool) -> bool:
        if running and value in ("true", "false"):
            return value == "true"
        if not isinstance(value, bool):
            raise OptionFault(at, "must be true or false")
        return value


@dataclass(frozen=True, slots=True)
class Id:
    """A UUID; empty text and the nil UUID are none."""

    def read(self, value: object, at: str, *, running: bool) -> UUID | None:
        if value == "":
            return None
        if not isinstance(value, str) or not _UUID.fullmatch(value):
            raise OptionFault(at, "must be a UUID")
        found = UUID(value)
        return None if found == NIL else found


@dataclass(frozen=True, slots=True)
class Jump(Id):
    """The id of an action of the same flow, or a reserved place."""


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http or https address."""

    def read(self, value: object, at: str, *, running: bool) -> str:
        try:
            parts = urlsplit(value) if isinstance(value, str) and len(value) <= 2048 else None
            good = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
        if not good:
            raise OptionFault(at, "must be an http or https address of at most 2048 characters")
        return str(value)


@dataclass(frozen=True, slots=True)
class Zone:
    """The name of a time zone, such as Europe/Berlin."""

    def read(self, value: object, at: str, *, running: bool) -> str:
        try:
            if isinstance(value, str) and len(value) <= 64:
                ZoneInfo(value)
                return value
        except (KeyError, ValueError, OSError):  # unknown, malformed, or the name of a folder of zones
            pass
        raise OptionFault(at, "must be the name of a time zone, such as Europe/Berlin")


@dataclass(frozen=True, slots=True)
class Party:
    """An address object (reference 4.2). `may_be_nobody`: one without a target counts as left out. `types` are those
    that the action can reach."""

    may_be_nobody: bool = False
    types: tuple[AddressType, ...] = ADDRESS_TYPES

    def read(self, value: object, at: str, *, running: bool) -> Address | None:
        if not isinstance(value, dict):
            raise OptionFault(at, "must be an address: an object with type and target")
        for name in ("type", "target", "target_name", "name", "detail"):
            if not isinstance(value.get(name, ""), str) or len(value.get(name, "")) > 320:
                raise OptionFault(f"{at}.{name}", "must be a string of at most 320 characters")
        kind, target = value.get("type", ""), value.get("target", "")
        if self.may_be_nobody and not target:
            return None
        if not running and is_template(kind):
            return None
        if not running and is_template(target):
            if kind:
                self._known_type(kind, at)
            return None
        known = self._known_type(kind or ("tel" if target.startswith("+") else ""), at)
        return Address(
            known,
            _target(known, target, f"{at}.target"),
            value.get("target_name", ""),
            value.get("name", ""),
            value.get("detail", ""),
        )

    def _known_type(self, kind: str, at: str) -> AddressType:
        known = next((word for word in self.types if word == kind and word), None)
        if known is None:
            shown = ", ".join(word for word in self.types if word)
            raise OptionFault(f"{at}.type", f"must be one of {shown}")
        return known


def _target(kind: AddressType, target: str, at: str) -> str:
    if not target:
        raise OptionFault(at, "must not be empty")
    if kind == "tel" and not is_emergency_somewhere(target):
        try:
            return normalize_tel(target)
        except Invalid:
            raise OptionFault(at, "must be + and 7 to 15 digits") from None
    return target


@dataclass(frozen=True, slots=True)
class Many:
    """A list of values of one kind."""

    kind: Kind
    limit: int
    least: int = 0

    def read(self, value: object, at: str, *, running: bool) -> tuple[object, ...]:
        if not isinstance(value, list):
            raise OptionFault(at, "must be a list")
        if not self.least <= len(value) <= self.limit:
            raise OptionFault(at, f"must have from {self.least} to {self.limit} items")
        return tuple(
            read_option(self.kind, item, f"{at}[{index}]", running=running) for index, item in enumerate(value)
        )


@dataclass(frozen=True, slots=True)
class Table:
    """An object whose values are of one kind."""

    kind: Kind
    limit: int

    def read(self, value: object, at: str, *, running: bool) -> dict[str, object]:
        if not isinstance(value, dict):
            raise OptionFault(at, "must be an object")
        if len(value) > self.limit:
            raise OptionFault(at, f"must have at most {self.limit} entries")
        return {
            str(name): read_option(self.kind, item, f"{at}.{name}", running=running) for name, item in value.items()
        }


@dataclass(frozen=True, slots=True)
class Actions:
    """A list of actions for calls that this one starts; the validator looks into it."""

    def read(self, value: object, at: str, *, running: bool) -> tuple[object, ...]:
        if not isinstance(value, list):
            raise OptionFault(at, "must be a list of actions")
        return tuple(value)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A recording that goes with an e-mail: `{reference_type: recording, reference_id}`."""

    def read(self, value: object, at: str, *, running: bool) -> UUID | None:
        if not isinstance(value, dict):
            raise OptionFault(at, "must be an object with reference_type and reference_id")
        if value.get("reference_type", "recording") != "recording":
            raise OptionFault(f"{at}.reference_type", "must be recording")
        reference_id = value.get("reference_id")
        if not running and is_template(reference_id):
            return None
        found = Id().read(reference_id, f"{at}.reference_id", running=running)
        if found is None:
            raise OptionFault(f"{at}.reference_id", "must be the id of a recording")
        return found


def jumps(kind: Kind, value: object, at: str) -> Iterator[tuple[str, UUID]]:
    """`(path, target)` of every jump in a value that was read while writing; templates are left out."""
    if isinstance(kind, Jump) and isinstance(value, UUID):
        yield at, value
    elif isinstance(kind, Table) and isinstance(value, dict):
        for name, item in value.items():
            yield from jumps(kind.kind, item, f"{at}.{name}")
