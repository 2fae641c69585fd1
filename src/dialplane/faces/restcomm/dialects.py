"""The two dialects of this face, and everything that they do not have in common (reference 1.1 to 1.8).

| | Restcomm | Twilio |
|---|---|---|
| status of a create | 200 | 201 |
| status of a delete that Restcomm answers with 200 | 200 | 204 |
| list in JSON | `incomingPhoneNumbers`, totals, `start` and `end` as text; some bare arrays | one list, no totals |
| page past the end | 400 | empty |
| error | `{"message", "error"}`, or plain text | `{"code", "message", "more_info", "status"}` |
| day of a date | `4` | `04` |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from litestar.types import Scope

_SCOPE_KEY = "dialplane.restcomm"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Dialect:
    """The facts of one dialect. What needs more than a fact asks `is_twilio`."""

    api_version: str
    """Also the first segment of the paths inside of this face."""
    envelope: str
    """The root element of every XML answer."""
    realm: str
    created: int
    """Status of an answer to a create."""
    deleted: int
    """Status of an answer to a delete where Restcomm does not document 204."""
    day: str
    """The format of a date's day."""
    is_twilio: bool

    def show_time(self, moment: datetime | None) -> str | None:
        """RFC 2822 in GMT, whatever the locale."""
        if moment is None:
            return None
        utc = moment.astimezone(UTC)
        day = format(utc.day, self.day)
        return f"{_DAYS[utc.weekday()]}, {day} {_MONTHS[utc.month - 1]} {utc.year:04} {utc:%H:%M:%S} +0000"

    def show_moment(self, moment: datetime | None) -> str | None:
        """Of what happened to a call, a message or a document: Restcomm has ISO 8601 here (reference 1.6)."""
        if self.is_twilio or moment is None:
            return self.show_time(moment)
        utc = moment.astimezone(UTC)
        return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}Z"


RESTCOMM = Dialect("2012-04-24", "RestcommResponse", "Restcomm realm", 200, 200, "d", is_twilio=False)
TWILIO = Dialect("2010-04-01", "TwilioResponse", "Twilio API", 201, 204, "02d", is_twilio=True)

BASES: Mapping[str, Dialect] = {
    "/restcomm/2012-04-24": RESTCOMM,
    "/api/2012-04-24": RESTCOMM,
    "/2010-04-01": TWILIO,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """In which way a request was put, and so is answered."""

    dialect: Dialect
    base: str
    """The base that the client used; `uri` values begin with it, so that they lead back to the same place."""
    path: str
    """What follows the base, without `.json`."""
    wants_json: bool
    names_form: bool = False
    """The path itself said in which form, by `.json` or `.xml`."""

    @property
    def media_type(self) -> str:
        return "application/json" if self.wants_json else "application/xml"

    def uri(self, path: str) -> str:
        """The address of something below the base, in the form of this answer."""
        return f"{self.base}{path}.json" if self.wants_json else f"{self.base}{path}"


def put_asked(scope: Scope, asked: Asked) -> None:
    scope[_SCOPE_KEY] = asked  # type: ignore[literal-required]  # our own key


def asked_of(scope: Scope) -> Asked:
    asked: Asked = scope[_SCOPE_KEY]  # type: ignore[literal-required]  # our own key
    return asked
