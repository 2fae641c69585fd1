"""What a number runs when something arrives: one value for each of voice, message and refer, whatever face wrote it."""

from dataclasses import field
from enum import Enum
from typing import Final, Literal
from uuid import UUID

from dialplane.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class FlowTarget:
    """Run one of the account's JSON flows."""

    flow_id: UUID


@dataclass(frozen=True, slots=True)
class DocumentTarget:
    """Fetch an XML document and run it; fall back to `fallback_url`; report to `status_url`."""

    url: str
    method: Literal["GET", "POST"] = "POST"
    fallback_url: str = ""
    fallback_method: Literal["GET", "POST"] = "POST"
    status_url: str = ""
    status_method: Literal["GET", "POST"] = "POST"


@dataclass(frozen=True, slots=True)
class ApplicationTarget:
    """Use an application's own target of the same kind."""

    application_id: UUID


@dataclass(frozen=True, slots=True)
class ForwardTarget:
    """Ring app users, a PSTN number or a SIP server; exactly one of the three is set."""

    users: tuple[str, ...] = ()
    pstn: str = ""
    sip: str = ""
    """`user@host:port`; without the user, the server is asked for the number that was dialled."""


@dataclass(frozen=True, slots=True)
class HookTarget:
    """Hand an inbound message to a URL in VoxCPaaS's JSON shape."""

    url: str
    method: Literal["GET", "POST"] = "POST"
    token: str = "incoming-sms"


VoiceTarget = FlowTarget | DocumentTarget | ApplicationTarget | ForwardTarget | None
MessageTarget = FlowTarget | DocumentTarget | ApplicationTarget | HookTarget | None
ReferTarget = DocumentTarget | ApplicationTarget | None


@dataclass(frozen=True, slots=True)
class Targets:
    """The three targets of a number."""

    voice: VoiceTarget = field(default=None)
    message: MessageTarget = field(default=None)
    refer: ReferTarget = field(default=None)


class Unwritten(Enum):
    """What a client that changes targets left out; None is to have none."""

    UNWRITTEN = "unwritten"


UNWRITTEN: Final = Unwritten.UNWRITTEN


@dataclass(frozen=True, slots=True)
class TargetsChange:
    """The targets that a client writes; the others stay."""

    voice: VoiceTarget | Unwritten = UNWRITTEN
    message: MessageTarget | Unwritten = UNWRITTEN
    refer: ReferTarget | Unwritten = UNWRITTEN

    def over(self, targets: Targets) -> Targets:
        return Targets(
            voice=targets.voice if isinstance(self.voice, Unwritten) else self.voice,
            message=targets.message if isinstance(self.message, Unwritten) else self.message,
            refer=targets.refer if isinstance(self.refer, Unwritten) else self.refer,
        )


def targets_elsewhere(targets: Targets) -> Targets:
    """What is left of the targets when their number moves to another account: flows, applications and app users are
    the account's own and stay behind; addresses go along."""
    voice, message, refer = targets.voice, targets.message, targets.refer
    stays = isinstance(voice, FlowTarget | ApplicationTarget) or (isinstance(voice, ForwardTarget) and voice.users)
    return Targets(
        voice=None if stays else voice,
        message=None if isinstance(message, FlowTarget | ApplicationTarget) else message,
        refer=None if isinstance(refer, ApplicationTarget) else refer,
    )
