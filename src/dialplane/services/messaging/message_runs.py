"""Runs that inbound messages start: claimed by a worker, driven to their end, and driven again where it died.

A run driven a second time makes the same decisions and sends nothing twice: the n-th message of a run has a key.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from dialplane.domain.addresses import PHONE, tel
from dialplane.domain.errors import Refusal
from dialplane.domain.flows.machine import FlowProgram
from dialplane.domain.flows.run import Run, RunProgress, RunStatus, apply_progress
from dialplane.domain.ids import ConversationId, RunId
from dialplane.domain.messaging.messages import Message
from dialplane.domain.programs.commands import (
    Command,
    Done,
    Failed,
    Medium,
    MessageQueued,
    Result,
    SendMessage,
    SendToConversation,
)
from dialplane.domain.programs.program import Program
from dialplane.domain.rcml.machine import RcmlProgram
from dialplane.domain.rcml.parameters import Subject, party_text
from dialplane.services.messaging.client_messages import send_to_anybody
from dialplane.services.messaging.conversations import post_to_conversation
from dialplane.services.messaging.media import MediaPlaces
from dialplane.services.messaging.message_store import MessageDocument, RunRequest
from dialplane.services.messaging.messages import message_request
from dialplane.services.messaging.sent_messages import wait_until_sent
from dialplane.services.programs.api_runs import Outside, StoredRunPorts
from dialplane.services.programs.program_runner import LONGEST_RUN_S, run_program
from dialplane.services.transaction import Database, Transaction

log = structlog.get_logger()

LEASE = timedelta(seconds=LONGEST_RUN_S + 60)


class MessageRunPorts(StoredRunPorts):
    """The ports of a run that a message started: it speaks for its number, and each of its messages has a key."""

    def __init__(self, database: Database, run: Run, own: str, outside: Outside, clock: Callable[[], datetime]) -> None:
        super().__init__(database, run, outside, clock)
        self._own = own
        self._messages = 0

    async def carry_out(self, command: Command) -> Result:
        match command:
            case SendMessage():
                return await self._send(command)
            case SendToConversation():
                return await self._send_to(command)
            case _:
                return await super().carry_out(command)

    async def _send_to(self, command: SendToConversation) -> Result:
        self._messages += 1
        try:
            posted = await post_to_conversation(
                self._database,
                self._run.account_id,
                ConversationId(command.conversation_id),
                text=command.text,
                run_id=self._run.id,
                key=f"run:{self._run.id}:{self._messages}",
                now=self._clock(),
            )
        except Refusal as refusal:
            return Failed(refusal.message)
        if command.wait:
            return await wait_until_sent(self._database, self._run.account_id, posted.message.id)
        return Done()

    async def _send(self, command: SendMessage) -> Result:
        self._messages += 1
        request = message_request(
            command,
            command.source or tel(self._own),
            self._run.id,
            origin="reply",
            key=f"run:{self._run.id}:{self._messages}",
        )
        try:
            message = await send_to_anybody(self._database, self._run.account_id, request, self._clock())
        except Refusal as refusal:
            log.info("run_message_refused", run_id=str(self._run.id), reason=refusal.reason)
            return Failed(refusal.message)
        if command.wait:
            return await wait_until_sent(self._database, self._run.account_id, message.id)
        return MessageQueued(message.id)


async def claim_runs(
    database: Database, worker: int, *, driving: Sequence[RunId], limit: int, sweep: bool, now: datetime
) -> Sequence[RunRequest]:
    """Lease requests, the oldest first. With `sweep`, leases that nobody works on are given back before."""
    async with database.transaction() as tx:
        if sweep:
            await tx.messages.free_run_leases(worker, driving=driving)
        return await tx.messages.claim_runs(worker, now=now, until=now + LEASE, limit=limit)


async def drive(
    database: Database, request: RunRequest, outside: Outside, places: MediaPlaces, clock: Callable[[], datetime]
) -> Run | None:
    """Run flow or document from start to end and return the ended run; None where somebody stopped it before."""
    async with database.reading() as tx:
        run = await tx.runs.find(request.account_id, request.run_id)
        is_running = run is not None and run.status is RunStatus.RUNNING
        flow = await _flow(tx, request, run) if run is not None and is_running else None
        message = await _message(tx, request) if is_running else None
    program: Program | None = flow
    if run is not None and request.document is not None and message is not None:
        medias = await places.find(database, message, clock) if message.medias else []
        program = _document(request.document, message, medias, run)
    ended: Run | None = None
    if run is not None and program is not None:
        ports = MessageRunPorts(database, run, request.own, outside, clock)
        record = await run_program(program, ports, clock)
        ended = apply_progress(RunProgress(run, record, clock()))
    async with database.transaction() as tx:
        await tx.messages.finish_run(request.run_id)
    return ended


async def _message(tx: Transaction, request: RunRequest) -> Message | None:
    """What the document is about; None where the message was deleted meanwhile."""
    if request.document is None:
        return None
    return await tx.messages.find(request.account_id, request.document.message_id)


async def _flow(tx: Transaction, request: RunRequest, run: Run) -> FlowProgram | None:
    """None where the flow was deleted meanwhile."""
    if request.flow_id is None:
        return None
    # The version that the run began with, also where it is driven again after a crash.
    flow = await tx.flows.find_version(request.account_id, request.flow_id, run.flow_version)
    if flow is None:
        return None
    return FlowProgram(
        flow.actions,
        medium=Medium.MESSAGE,
        on_complete_flow_id=run.on_complete_flow_id,
        variables=run.variables,
    )


def _document(document: MessageDocument, message: Message, medias: Sequence[tuple[str, str]], run: Run) -> RcmlProgram:
    """`medias`: address and content type of each."""
    subject = Subject(
        id=message.id,
        account_id=message.account_id,
        source=party_text(message.source, document.api_version),
        destination=party_text(message.targets[0].destination, document.api_version),
        api_version=document.api_version,
        sip_headers=message.extras.headers if message.extras else (),
        text=message.text,
        medias=tuple(address for address, _ in medias),
        media_types=tuple(kind for _, kind in medias),
        is_phone=message.source.type == PHONE,
        opt_out_type=document.wish,
    )
    return RcmlProgram(document.source, subject, medium=Medium.MESSAGE, variables=run.variables)
