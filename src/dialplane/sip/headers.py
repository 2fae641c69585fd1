"""The header fields of a message: ordered, names without regard to case, compact forms folded to long ones."""

from collections import Counter
from collections.abc import Iterable, Iterator

from dialplane.sip.errors import SipParseError
from dialplane.sip.grammar import TOKEN, split_values

_COMPACT = {
    "a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition",
    "e": "Content-Encoding", "f": "From", "i": "Call-ID", "j": "Reject-Contact", "k": "Supported",
    "l": "Content-Length", "m": "Contact", "n": "Identity-Info", "o": "Event", "r": "Refer-To", "s": "Subject",
    "t": "To", "u": "Allow-Events", "v": "Via", "x": "Session-Expires", "y": "Identity",
}  # fmt: skip
_KNOWN = (
    "Accept", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Authentication-Info", "Authorization",
    "CSeq", "Call-Info", "Content-Disposition", "Content-Language", "Date", "Diversion", "Error-Info", "Expires",
    "History-Info", "In-Reply-To", "MIME-Version", "Max-Forwards", "Min-Expires", "Min-SE", "Organization",
    "P-Asserted-Identity", "P-Preferred-Identity", "Path", "Priority", "Privacy", "Proxy-Authenticate",
    "Proxy-Authorization", "Proxy-Require", "RAck", "RSeq", "Reason", "Record-Route", "Referred-By",
    "Remote-Party-ID", "Replaces", "Reply-To", "Require", "Retry-After", "Route", "SIP-ETag", "SIP-If-Match",
    "Server", "Service-Route", "Subscription-State", "Timestamp", "Unsupported", "User-Agent", "WWW-Authenticate",
    "Warning", *_COMPACT.values(),
)  # fmt: skip
_CANONICAL = {name.lower(): name for name in _KNOWN} | _COMPACT


def canonical(name: str) -> str:
    """The one spelling under which a field is kept: `v` and `VIA` are `Via`, `x-thing` is `X-Thing`.

    Raises SipParseError where it is no token (CVE-8).
    """
    known = _CANONICAL.get(name.lower())
    if known is not None:
        return known
    if not TOKEN.fullmatch(name):
        raise SipParseError("header name malformed")
    return name.title()


_NONE: frozenset[str] = frozenset()


# The spellings that phones write, so that the usual line costs one look-up.
_SPELLINGS = _CANONICAL | {name: name for name in _KNOWN} | {short.upper(): name for short, name in _COMPACT.items()}


def spelling(name: str) -> str:
    """Any spelling to the canonical one. Blanks after the name belong to the colon (RFC 3261 7.3.1)."""
    return _SPELLINGS.get(name) or canonical(name.rstrip(" \t"))


class Headers:
    """Ordered header fields. A name is looked up in any spelling; values are kept as they were written.

    Values parsed from the fields are kept in `parsed` until the next change, so that nobody parses one twice.
    """

    __slots__ = ("_fields", "first", "parsed")
    first: dict[str, str]
    """The first value of each name there is, by canonical names, always up to date: for who knows the spelling and only
    reads. A message is asked some ten times, so a look is no call."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = [(spelling(name), value) for name, value in fields]
        self.first = _index(self._fields) if self._fields else {}
        self.parsed: dict[str, object] = {}

    @classmethod
    def of_canonical(cls, fields: list[tuple[str, str]]) -> "Headers":
        """Headers over fields whose names are canonical already. The list is taken over, not copied."""
        headers = cls()
        headers._fields = fields
        headers.first = _index(fields)
        return headers

    def get(self, name: str) -> str | None:
        """The first value of `name`, None where there is none."""
        return self.first.get(spelling(name))

    def get_all(self, name: str) -> list[str]:
        """Every field's value of `name`, in order, not split at commas."""
        name = spelling(name)
        return [value for key, value in self._fields if key == name]

    def split_values(self, name: str) -> list[str]:
        """The members of all fields `name`, split at commas outside quotes and <>. Raises SipParseError."""
        members: list[str] = []
        for value in self.get_all(name):
            members += split_values(value)
        return members

    def option_tags(self, name: str) -> list[str]:
        """The extensions that all fields `name` (Supported, Require) tell of, in lower case. Raises SipParseError."""
        return [tag.lower() for tag in self.split_values(name) if tag]

    def add(self, name: str, value: str) -> None:
        """Put a field at the end."""
        name = spelling(name)
        self._fields.append((name, value))
        self.first.setdefault(name, value)
        self.parsed = {}

    def add_first(self, name: str, value: str) -> None:
        """Put a field before all others, as a Via or a Record-Route goes."""
        name = spelling(name)
        self._fields.insert(0, (name, value))
        self.first[name] = value
        self.parsed = {}

    def set(self, name: str, value: str) -> None:
        """Make `value` the only field of `name`, where the first one stood or at the end."""
        name = spelling(name)
        position = next((i for i, (key, _) in enumerate(self._fields) if key == name), None)
        if position is None:
            self._fields.append((name, value))
        else:
            kept = [field for field in self._fields[position + 1 :] if field[0] != name]
            self._fields[position:] = [(name, value), *kept]
        self._changed()

    def remove(self, name: str) -> None:
        """Take every field of `name` away; nothing happens where there is none."""
        name = spelling(name)
        self._fields = [field for field in self._fields if field[0] != name]
        self._changed()

    def replace_first(self, name: str, value: str) -> None:
        """Change the first field of `name` and leave the others; it must be there."""
        name = spelling(name)
        position = next(i for i, (key, _) in enumerate(self._fields) if key == name)
        self._fields[position] = (name, value)
        self._changed()

    def duplicated(self) -> frozenset[str]:
        """Names that stand in more than one field."""
        if len(self.first) == len(self._fields):
            return _NONE
        counts = Counter(name for name, _ in self._fields)
        return frozenset(name for name, count in counts.items() if count > 1)

    def copy(self) -> "Headers":
        return Headers.of_canonical(self._fields.copy())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and spelling(name) in self.first

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return self._fields == other._fields if isinstance(other, Headers) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it changes, so it must not be a key

    def __repr__(self) -> str:
        return f"Headers({self._fields!r})"

    def _changed(self) -> None:
        self.first = _index(self._fields)
        self.parsed = {}


def _index(fields: list[tuple[str, str]]) -> dict[str, str]:
    # One pass in C: of equal names the last one written wins, which is the first field.
    return dict(reversed(fields))
