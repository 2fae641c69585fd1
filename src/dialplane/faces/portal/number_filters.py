"""Which of the project's numbers a page is about: the filters of the list, or those that were ticked on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import NumberId
from dialplane.domain.numbering.numbers import NumberFilter, NumberStatus, parse_kind
from dialplane.faces.portal.forms import Fields
from dialplane.faces.portal.tables import read_id

FILTERS = ("q", "name", "tag", "status", "kind")
STATUSES = (("", "any status"), ("active", "Active"), ("suspended", "Suspended"))
KINDS = (
    ("", "any type"),
    ("local", "DID, local"),
    ("mobile", "DID, mobile"),
    ("toll_free", "Tollfree"),
    ("virtual", "Virtual"),
    ("sip", "SIP number"),
    ("pattern", "Pattern"),
)


def read_filters(fields: Fields) -> dict[str, str]:
    """As they were typed."""
    return {name: fields.get(name) for name in FILTERS}


def wanted_by(filters: Mapping[str, str]) -> NumberFilter:
    """Raises Invalid (`type`)."""
    status, kind = filters["status"], filters["kind"]
    return NumberFilter(
        statuses=(NumberStatus(status),) if status in ("active", "suspended") else (),
        kinds=(parse_kind(kind),) if kind else (),
        contains="".join(filters["q"].split()),
        name=filters["name"],
        tags=(filters["tag"],) if filters["tag"] else (),
    )


@dataclass(frozen=True, slots=True)
class Selection:
    """What was ticked, or everything that fits. `ticked` are those that the form names."""

    is_all: bool
    ticked: tuple[NumberId, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def selected(self) -> tuple[NumberId, ...] | NumberFilter:
        """Raises Invalid."""
        return wanted_by(self.filters) if self.is_all else self.ticked

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Fields that bring the selection along to the next form."""
        if not self.is_all:
            return [("number", str(each)) for each in self.ticked]
        return [("all", "yes"), *((name, value) for name, value in self.filters.items() if value)]

    @property
    def query(self) -> str:
        """The same for a link."""
        return urlencode(self.hidden)


def read_selection(fields: Fields) -> Selection:
    """Raises Invalid (`number`) where nothing is selected."""
    ticked = [found for text in fields.all("number") if (found := read_id(text)) is not None]
    chosen = Selection(fields.is_on("all"), tuple(map(NumberId, dict.fromkeys(ticked))), read_filters(fields))
    if not chosen.is_all and not chosen.ticked:
        raise Invalid("Tick at least one number", field="number")
    return chosen
