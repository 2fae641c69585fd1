"""What the verbs of one program share: whose it is, which document stands where, and what was wrong with it."""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urljoin
from uuid import UUID

from dialplane.domain.programs.commands import (
    Command,
    Finish,
    Hangup,
    LeaveQueue,
    Medium,
    Result,
    WriteNotification,
)
from dialplane.domain.programs.sources import HttpMethod
from dialplane.domain.rcml.parameters import Form, Subject

LIMIT = 12101
"""A document that is well-formed and cannot be run."""


class Role(StrEnum):
    """What the program is for, which decides what it may hold and what its end means."""

    CALL = "call"
    """The program of a call (or of a message): at its end the call is over."""
    CALLEE = "callee"
    """Heard by a callee alone before it is joined; at its end it is joined, by `Hangup` it is not."""
    WAITING = "waiting caller"
    """Heard while somebody waits in a queue or for a conference, and repeated at its end; a queue may be left."""


@dataclass(frozen=True, slots=True)
class Request:
    """A document that is asked for; what it holds replaces the one that runs."""

    url: str
    method: HttpMethod = "POST"
    parameters: Form = ()
    """Beside those of every request."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """Where to ask when something is wrong with a document."""

    url: str = ""
    method: HttpMethod = "POST"


LastWord = Hangup | Finish | LeaveQueue
Ending = Request | LastWord | None
"""What a verb comes to: another document, the end, or the next verb."""
Steps = Generator[Command, Result, Ending]
"""A verb on its way: it yields commands and is sent their results."""


@dataclass(slots=True)
class Context:
    """The state of one program. Verbs read it; only the machine changes what is not `faults`."""

    subject: Subject
    medium: Medium
    role: Role
    now: datetime
    answered: bool = False
    over: bool = False
    """The call is gone: nothing follows that needs one."""
    base_url: str = ""
    """Of the document that runs; empty where it came with a request."""
    recordings_url: str = ""
    """Where the account's recordings are, with a slash at the end."""
    outbound_call_id: UUID | None = None
    """The last call that this one was joined with."""
    refused_code: int = 0
    """How the last party answered that took no call; for a caller who waits for the answer of one."""
    headers: Form = ()
    """`X-` headers of the answer that brought the document; they go on the messages that it sends (reference 5.2)."""
    faults: list[WriteNotification] = field(default_factory=list)
    error: str = ""
    """Why the program had to end, for the run's record."""

    @property
    def is_twilio(self) -> bool:
        return self.subject.is_twilio

    @property
    def status(self) -> str:
        """`CallStatus` as a request tells it."""
        if self.over:
            return "completed"
        return "in-progress" if self.answered else "ringing"

    def absolute(self, url: str) -> str:
        """Against the address of the document in which it stands."""
        try:
            return urljoin(self.base_url, url)
        except ValueError:  # brackets that are no address; the guarded client says so to the author
            return url

    def note(self, code: int, message: str, *, is_error: bool = True) -> None:
        """Keep a fault for the owner's notifications; it is written before the next command, once."""
        fault = WriteNotification(code, message, is_error=is_error, request_url=self.base_url)
        if fault not in self.faults:
            self.faults.append(fault)

    def reach(self, limit: str) -> LastWord:
        """End the call because the program has reached a limit, and tell its owner."""
        self.note(LIMIT, limit)
        return self.hang_up(limit)

    def hang_up(self, error: str = "") -> LastWord:
        """End the call for a reason of the program's own; a program that only waits ends itself."""
        self.error = self.error or error
        if self.role is Role.WAITING or self.medium is not Medium.CALL:
            return Finish(error)
        return Hangup()
