"""Where a program comes from: what a number, a call, a room's waiting music or a callee is given to run."""

from typing import Literal
from uuid import UUID

from dialplane.domain.values import dataclass

HttpMethod = Literal["GET", "POST"]

RESTCOMM_VERSION = "2012-04-24"
TWILIO_VERSION = "2010-04-01"
API_VERSION = "voipbin.call.api_version"
"""The variable of a run of documents that names its dialect."""


@dataclass(frozen=True, slots=True)
class FlowSource:
    """One of the account's JSON flows."""

    flow_id: UUID


@dataclass(frozen=True, slots=True)
class ActionsSource:
    """Actions as they were written, validated by whoever wrote them."""

    actions: tuple[dict[str, object], ...]


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """An XML document behind a URL, asked for with the voice parameters (Restcomm reference 5.2)."""

    url: str
    method: HttpMethod = "POST"
    fallback_url: str = ""
    fallback_method: HttpMethod = "POST"
    parameters: tuple[tuple[str, str], ...] = ()
    """More parameters for this request alone (`ReferTarget`, …)."""


@dataclass(frozen=True, slots=True)
class DocumentText:
    """An XML document that came with the request (`Twiml`)."""

    xml: str


ProgramSource = FlowSource | ActionsSource | DocumentSource | DocumentText


@dataclass(frozen=True, slots=True)
class StatusCallback:
    """Who is told of the progress of a call, recording, conference or stream, and of which events.

    `api_version` decides the names, values and sequence numbers (`TWILIO_VERSION` or `RESTCOMM_VERSION`).
    """

    url: str
    method: HttpMethod = "POST"
    events: frozenset[str] = frozenset()
    """Empty: those that are told by default."""
    api_version: str = RESTCOMM_VERSION
