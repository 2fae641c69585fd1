"""Runs that inbound messages start: claimed by a worker, driven to their end, and driven again where it died.

A run driven a second time makes the same decisions and sends nothing twice: the n-th message of a run has a key.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from dialplane.domain.addresses import tel
from dialplane.domain.errors import Refusal
from dialplane.domain.flows.machine import FlowProgram
from dialplane.domain.flows.run import Run, RunProgress, RunStatus, apply_progress
from dialplane.domain.ids import ConversationId, RunId
from dialplane.domain.programs.commands import Command, Done, Failed, Medium, Result, SendMessage, SendToConversation
from dialplane.services.api_runs import Outside, StoredRunPorts
from dialplane.services.conversations import post_to_conversation
from dialplane.services.messages import MessageRequest, RunRequest, send_message
from dialplane.services.program_runner import LONGEST_RUN_S, run_program
from dialplane.services.transaction import Database

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
            await post_to_conversation(
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
        return Done()

    async def _send(self, command: SendMessage) -> Result:
        self._messages += 1
        request = MessageRequest(
            command.source or tel(self._own),
            command.destinations,
            command.text,
            run_id=self._run.id,
            key=f"run:{self._run.id}:{self._messages}",
        )
        try:
            await send_message(self._database, self._run.account_id, request, self._clock())
        except Refusal as refusal:
            log.info("run_message_refused", run_id=str(self._run.id), reason=refusal.reason)
            return Failed(refusal.message)
        return Done()


async def claim_runs(
    database: Database, worker: int, *, driving: Sequence[RunId], limit: int, sweep: bool, now: datetime
) -> Sequence[RunRequest]:
    """Lease requests, the oldest first. With `sweep`, leases that nobody works on are given back before."""
    async with database.transaction() as tx:
        if sweep:
            await tx.messages.free_run_leases(worker, driving=driving)
        return await tx.messages.claim_runs(worker, now=now, until=now + LEASE, limit=limit)


async def drive(database: Database, request: RunRequest, outside: Outside, clock: Callable[[], datetime]) -> Run | None:
    """Run the flow from its start to its end and return the ended run; None where somebody stopped it before."""
    async with database.reading() as tx:
        run = await tx.runs.find(request.account_id, request.run_id)
        version = run.flow_version if run is not None else 0
        flow = await tx.flows.find_version(request.account_id, request.flow_id, version)
    ended: Run | None = None
    # The version that the run began with, also where it is driven again after a crash.
    if run is not None and flow is not None and run.status is RunStatus.RUNNING:
        program = FlowProgram(
            flow.actions,
            medium=Medium.MESSAGE,
            on_complete_flow_id=run.on_complete_flow_id,
            variables=run.variables,
        )
        ports = MessageRunPorts(database, run, request.own, outside, clock)
        record = await run_program(program, ports, clock)
        ended = apply_progress(run, RunProgress(run.id, record, clock()))
    async with database.transaction() as tx:
        await tx.messages.finish_run(request.run_id)
    return ended
