"""Where the legs of a node report: the table of live calls, the journal, and the money while a call goes on."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import structlog

from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.charging.call_billing import RENEW_BEFORE_S, CallBilling
from dialplane.domain.charging.ledger import HoldRequest
from dialplane.domain.errors import Unavailable
from dialplane.domain.flows.run import RunProgress
from dialplane.domain.ids import CallId, id_text
from dialplane.domain.programs.commands import RunRecord
from dialplane.services.calling.call_records import CallChanged, CallEnded, Change, RunMoved
from dialplane.voice.batching import Batcher
from dialplane.voice.figures import CallCounts
from dialplane.voice.journal import Journal
from dialplane.voice.leg import Leg

log = structlog.get_logger()


class Records:
    """Fulfils `leg.Recorder`."""

    def __init__(
        self,
        *,
        journal: Journal[Change],
        extensions: Batcher[HoldRequest, int],
        spawn: Callable[[Coroutine[Any, Any, Any]], None],
        now: Callable[[], datetime],
        trace: Callable[[Leg], None] = lambda leg: None,
    ) -> None:
        """`trace` keeps what was seen of a leg that is over."""
        self._trace = trace
        self.live: dict[CallId, Leg] = {}
        self.counts = CallCounts()
        self._journal = journal
        self._extensions = extensions
        self._spawn = spawn
        self._now = now

    def started(self, leg: Leg) -> None:
        self.live[leg.call.id] = leg

    def changed(self, leg: Leg, event: str) -> None:
        is_answer = event == "call_progressing"
        self._journal.add(CallChanged(leg.call, event, leg.kept_dialog() if is_answer else None))
        if is_answer and leg.billing is not None and not leg.billing.is_free:
            self._reserve_later(leg, leg.billing)

    def ended(self, leg: Leg) -> None:
        self.live.pop(leg.call.id, None)
        if leg.more_time is not None:
            leg.more_time.cancel()
            leg.more_time = None
        self._journal.add(CallEnded(leg.call, leg.billing))
        self._trace(leg)
        direction, reason = leg.call.direction.value, leg.call.hangup_reason.value
        self.counts.count(leg.call, direction, reason)
        log.info(
            "call_ended",
            call_id=id_text(leg.call.id),
            account_id=id_text(leg.call.account_id),
            direction=direction,
            reason=reason,
            by=leg.call.hangup_by.value,
            sip_code=leg.call.sip_code,
        )

    def run_moved(self, leg: Leg, record: RunRecord) -> None:
        """The leg's program stands at `record`; told once for each change."""
        if leg.run is None or leg.told_record is record:
            return
        told, leg.told_record = leg.told_record, record
        leg.stands_at(record.current_action)
        self._journal.add(RunMoved(RunProgress(leg.run, record, self._now(), _actions_of(told))))

    def run_over(self, leg: Leg, ended: RunRecord) -> None:
        """The leg's run is closed with its last record, after the call's own end."""
        told, leg.told_record = leg.told_record, None
        if leg.run is not None:
            self._journal.add(RunMoved(RunProgress(leg.run, ended, self._now(), _actions_of(told))))

    def _reserve_later(self, leg: Leg, billing: CallBilling) -> None:
        """Most calls are over before their second minute: until then a timer is enough."""
        began = asyncio.get_running_loop().time()
        leg.more_time = leg.context.deadlines.call_at(
            began + billing.first_s - RENEW_BEFORE_S, lambda: self._spawn(self._reserve_on(leg, billing, began))
        )

    async def _reserve_on(self, leg: Leg, billing: CallBilling, began: float) -> None:
        """Reserve each minute before it begins; a call that cannot pay for all of the next one ends where its money
        does (LED-6)."""
        loop = asyncio.get_running_loop()
        reserved_s, is_last = billing.first_s, False
        while not is_last:
            if await _ended_within(leg, began + reserved_s - RENEW_BEFORE_S - loop.time()):
                return
            reserved_s, is_last = await self._reserve_more(billing, reserved_s)
        log.info("balance_ran_out", call_id=str(leg.call.id))
        if not await _ended_within(leg, began + reserved_s - loop.time()):
            leg.hang_up(HangupReason.NORMAL, text="the balance ran out")

    async def _reserve_more(self, billing: CallBilling, reserved_s: int) -> tuple[int, bool]:
        """How many seconds are reserved in all now, and whether that is the end of the money. Where the store is away
        the call goes on: that is our fault and not the caller's, and the next reservation asks for all of the time
        again (AV-3)."""
        request = billing.longer_hold(reserved_s, self._now())
        try:
            units = await self._extensions.submit(request)
        except Unavailable:
            units = request.units
        return max(reserved_s, billing.seconds_of(units)), units < request.units


def _actions_of(told: RunRecord | None) -> int:
    return 0 if told is None else len(told.executed_actions)


async def _ended_within(leg: Leg, seconds: float) -> bool:
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await leg.ended.wait()
    except TimeoutError:
        return False
    return True
