"""What any run may do beyond the store, with or without a call: send messages, ask servers, start calls."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from dialplane.domain.addresses import Address
from dialplane.domain.errors import Refusal
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import CallId
from dialplane.domain.programs.commands import CallsStarted, Done, Failed, Fetched, Result, StartCalls
from dialplane.services.messages import MessageRequest, send_message
from dialplane.services.outgoing import CallRequest, create_calls
from dialplane.services.transaction import Database

OWN_NUMBER = ("voipbin.conversation.self.target", "voipbin.call.destination.target")
"""Where a run's variables tell the number that it belongs to: the one that was texted, or called."""


class Web(Protocol):
    """Port: the guarded client (SSRF-1)."""

    async def fetch(
        self, url: str, method: str = "POST", body: str = "", content_type: str = "application/json"
    ) -> Fetched | Failed:
        """Within the budget of WH-5: 15 s and 64 KiB. Any HTTP status is `Fetched`."""
        ...


@dataclass(frozen=True, slots=True)
class RunOutside:
    """Fulfils `api_runs.Outside`; the call runtime and the message runtime use the same one."""

    database: Database
    web: Web
    now: Callable[[], datetime]
    spawn: Callable[[Coroutine[Any, Any, object]], None]
    """Let a coroutine go on in a task of the process."""

    async def send_message(
        self, run: Run, source: Address | None, destinations: tuple[Address, ...], text: str
    ) -> Result:
        sender = source or Address("tel", own_number(run))
        request = MessageRequest(source=sender, destinations=destinations, text=text, run_id=run.id)
        try:
            await send_message(self.database, run.account_id, request, self.now())
        except Refusal as refusal:
            return Failed(refusal.message)
        return Done()

    async def fetch(self, url: str, method: str, body: str, content_type: str) -> Result:
        return await self.web.fetch(url, method, body, content_type)

    async def send_webhook(self, url: str, method: str, body: str, content_type: str, *, wait: bool) -> Result:
        sending = self.web.fetch(url, method, body, content_type)
        if wait:
            return await sending
        self.spawn(sending)
        return Done()

    async def start_calls(self, run: Run, command: StartCalls) -> Result:
        request = CallRequest(
            source=command.source,
            destinations=command.destinations,
            flow_id=command.flow_id,
            actions=list(command.actions) or None,
            anonymous=command.anonymous,
            master_call_id=CallId(run.reference_id) if command.chained and run.reference_id else None,
            fallback_source=own_number(run),
        )
        try:
            created = await create_calls(self.database, run.account_id, request, self.now())
        except Refusal as refusal:
            return Failed(refusal.message)
        return CallsStarted(tuple(call.id for call in created.calls))


def own_number(run: Run) -> str:
    """The number that the run belongs to; "" where it belongs to none."""
    return next((run.variables[name] for name in OWN_NUMBER if run.variables.get(name)), "")
