"""A program of documents driven by hand: commands come out, results go in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from dialplane.domain.programs.commands import (
    Answer,
    Command,
    Done,
    FetchDocument,
    Fetched,
    Finish,
    Hangup,
    LeaveQueue,
    Medium,
    Result,
    WriteNotification,
)
from dialplane.domain.programs.sources import RESTCOMM_VERSION, TWILIO_VERSION, DocumentSource, DocumentText
from dialplane.domain.rcml.context import Role
from dialplane.domain.rcml.machine import RcmlProgram
from dialplane.domain.rcml.parameters import Subject

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
CALL = UUID("01900000-0000-7000-8000-0000000000c1")
ACCOUNT = UUID("01900000-0000-7000-8000-0000000000a1")
URL = "https://app.example/voice/start.xml"
RECORDINGS = "https://dialplane.example/recordings/"
MOST_COMMANDS = 20_000

Reply = Result | Callable[[Command], Result]


def subject(version: str = RESTCOMM_VERSION, **facts: object) -> Subject:
    given: dict[str, object] = {
        "id": CALL,
        "account_id": ACCOUNT,
        "source": "+12125550111",
        "destination": "+12025550143",
        "api_version": version,
        **facts,
    }
    return Subject(**given)  # type: ignore[arg-type]  # tests write facts by name


def page(*verbs: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{"".join(verbs)}</Response>'


def xml(*verbs: str) -> Fetched:
    return Fetched(200, page(*verbs), "text/xml; charset=utf-8")


@dataclass
class Played:
    """What came of a program: its commands without the answer, and the last word."""

    commands: list[Command] = field(default_factory=list)
    last: Command | None = None
    program: RcmlProgram | None = None

    @property
    def notes(self) -> list[int]:
        return [command.error_code for command in self.commands if isinstance(command, WriteNotification)]

    @property
    def fetched(self) -> list[FetchDocument]:
        return [command for command in self.commands if isinstance(command, FetchDocument)]

    def form(self, index: int = -1) -> dict[str, str]:
        return dict(self.fetched[index].form)

    @property
    def heard(self) -> list[Command]:
        """All but fetches, notifications and the answer."""
        quiet = FetchDocument | WriteNotification | Answer
        return [command for command in self.commands if not isinstance(command, quiet)]

    @property
    def error(self) -> str:
        assert self.program is not None
        return self.program.record().error


def play(
    *documents: Result,
    results: Mapping[type[Command], Reply] | None = None,
    version: str = RESTCOMM_VERSION,
    role: Role = Role.CALL,
    medium: Medium = Medium.CALL,
    answered: bool = False,
    fallback: str = "",
    method: str = "POST",
    text: str = "",
    **facts: object,
) -> Played:
    """Run a program; each fetch gets the next of `documents` (an empty one when they are used up), each other command
    its result by type, else `Done`."""
    source: DocumentSource | DocumentText = DocumentText(text)
    if not text:
        source = DocumentSource(URL, method, fallback_url=fallback)  # type: ignore[arg-type]  # tests write words
    program = RcmlProgram(
        source,
        subject(version, **facts),
        medium=medium,
        role=role,
        answered=answered,
        recordings_url=RECORDINGS,
    )
    waiting = list(documents)
    played = Played(program=program)
    command = program.start(NOW)
    while not isinstance(command, Finish | Hangup | LeaveQueue):
        assert len(played.commands) < MOST_COMMANDS, "the program does not end"
        played.commands.append(command)
        reply: Reply = (results or {}).get(type(command), Done())
        if isinstance(command, FetchDocument):
            reply = waiting.pop(0) if waiting else xml()
        command = program.resume(reply(command) if callable(reply) else reply, NOW)
    played.last = command
    return played


TWILIO = TWILIO_VERSION
