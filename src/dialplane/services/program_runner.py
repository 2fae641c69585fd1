"""Carries out programs that have no call: runs started by the API, and inbound messages.

The media commands need a live call; a flow program never sends them on these media, and a program that does all the
same is told that they failed. Nothing here waits on anything but the ports.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.programs.commands import (
    Command,
    Failed,
    FetchDocument,
    Finish,
    Hangup,
    LoadFlow,
    Result,
    RunRecord,
    SendMessage,
    SendWebhook,
    StartCalls,
)  # fmt: skip
from dialplane.domain.programs.program import Program

LONGEST_RUN_S = 600.0
"""Wall time of one run without a call (IN-3): some forty fetches that all use up their time."""


class RunnerPorts(Protocol):
    """What such a run may do outside. A port reports refusals and faults as `Failed`, never by raising."""

    async def send_message(self, source: Address | None, destinations: tuple[Address, ...], text: str) -> Result:
        """Send; `source` None means the number that the run belongs to. → `Done` or `Failed`"""
        ...

    async def fetch(self, url: str, method: str, body: str, content_type: str) -> Result:
        """→ `Fetched` or `Failed`, within the budget of WH-5."""
        ...

    async def send_webhook(self, url: str, method: str, body: str, content_type: str, *, wait: bool) -> Result:
        """→ `Fetched` where `wait`, else `Done`; or `Failed`."""
        ...

    async def load_flow(self, flow_id: UUID) -> Result:
        """→ `FlowLoaded` or `Failed`."""
        ...

    async def start_calls(self, command: StartCalls) -> Result:
        """→ `CallsStarted` or `Failed`."""
        ...

    async def progress(self, record: RunRecord) -> bool:
        """Keep and tell where the run stands. False: somebody has stopped the run."""
        ...


async def run_program(
    program: Program, ports: RunnerPorts, clock: Callable[[], datetime], *, timeout_s: float = LONGEST_RUN_S
) -> RunRecord:
    """Drive `program` to its end and return its last record.

    Each change of the record goes to `ports.progress`, the end too. A run that takes longer than `timeout_s`, or that
    somebody stopped, ends where it stands; its record then says so.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await _drive(program, ports, clock)
    except TimeoutError:
        ended = _broken_off(program.record(), f"limit: {timeout_s:g} seconds")
        await ports.progress(ended)
        return ended


async def _drive(program: Program, ports: RunnerPorts, clock: Callable[[], datetime]) -> RunRecord:
    command = program.start(clock())
    while True:
        record = program.record()
        wanted = await ports.progress(record)
        if isinstance(command, Hangup | Finish):
            return record
        if not wanted:
            return _broken_off(record, "stopped")
        command = program.resume(await _carry_out(command, ports), clock())


def _broken_off(record: RunRecord, error: str) -> RunRecord:
    return RunRecord(
        record.current_action, None, record.executed_actions, ended=True, error=error, variables=record.variables
    )


async def _carry_out(command: Command, ports: RunnerPorts) -> Result:
    match command:
        case SendMessage(source, destinations, text):
            return await ports.send_message(source, destinations, text)
        case FetchDocument(url, method, body, content_type):
            return await ports.fetch(url, method, body, content_type)
        case SendWebhook(url, method, body, content_type, wait):
            return await ports.send_webhook(url, method, body, content_type, wait=wait)
        case LoadFlow(flow_id):
            return await ports.load_flow(flow_id)
        case StartCalls():
            return await ports.start_calls(command)
        case _:
            return Failed(f"{type(command).__name__} needs a call")
