"""The duties that only look at the time: each a step, repeated at its pace.

They run at their pace, and where credit came or the sandbox's clock was moved. Several workers may do so at once: who
does what is settled in the store.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from dialplane.services.calling.traces import forget_traces
from dialplane.services.charging.billing import top_up_tokens
from dialplane.services.charging.rate_changes import apply_due_changes
from dialplane.services.eventing.webhook_log import go_on_with_replays
from dialplane.services.identity.portal_mail import send_waiting_mails
from dialplane.services.identity.sign_in import forget_left_overs
from dialplane.services.left_files import sweep_documents, sweep_media, sweep_recordings
from dialplane.services.messaging.emails import try_again
from dialplane.services.messaging.media import keep_media
from dialplane.services.numbering.carrier_ports import follow_ports
from dialplane.services.numbering.handling import roll_back_splits
from dialplane.services.numbering.number_jobs import forget_jobs, go_on_with_jobs
from dialplane.services.numbering.port_outs import finish_port_outs
from dialplane.services.numbering.port_progress import cut_over_ports, play_ports
from dialplane.services.numbering.reconcile import reconcile_orders, reconcile_stock, release_left_holds
from dialplane.services.numbering.renewal import renew_numbers
from dialplane.services.operating.firsts import look_for_firsts
from dialplane.services.operating.retention import forget_old, make_room
from dialplane.services.operating.spikes import look_for_spikes
from dialplane.services.programs.aicalls import end_left_talks
from dialplane.services.programs.program_runner import LONGEST_RUN_S
from dialplane.services.programs.runs import end_abandoned_runs
from dialplane.services.recording.recording_life import fail_unheeded
from dialplane.services.recording.recordings import delete_outlived
from dialplane.services.rooms.conference_rooms import end_outlived
from dialplane.services.settings import read_clock
from dialplane.services.supply.carrier_accounts import forget_exchanges, withdraw_old_offers
from dialplane.services.supply.carrier_numbers import look_at_numbers, look_for_strays
from dialplane.services.supply.imports import forget_imports, go_on_with_imports
from dialplane.services.tenancy.unregistering import delete_frozen
from dialplane.worker.deps import WorkerDeps

ORDERS_S = 1.0
PORTS_S = 1.0
"""A cut-over is at the minute; who rings a number in its first second may still reach the other carrier."""
IMPORTS_S = 1.0
REPLAYS_S = 1.0
RATES_S = 1.0
MAILS_S = 1.0
MEDIA_S = 1.0
EMAILS_S = 10.0
TALKS_S = 2.0
RENEWALS_S = 5.0
SPIKES_S = 15.0
"""What is unusual is told within a minute (FRD-5)."""
CARRIER_PORTS_S = 5.0
CARRIER_NUMBERS_S = 20.0
"""A number that was just bought is looked at by then."""
SPLITS_S = 5.0
"""A share of the calls that fails goes on for so long at most."""
HOUSEKEEPING_S = 30.0
SWEEP_S = 3600.0
"""Of files that are a day old and nobody's: an hour more or less is no matter."""

TimedDuty = tuple[str, Callable[[], Awaitable[bool]], float]
"""Its name, its step, and after how many seconds it is repeated."""

ABANDONED_AFTER = timedelta(seconds=LONGEST_RUN_S + 300)
"""No driver of a run is alive then: a run that takes longer ends by itself."""


class Housekeeping:
    """A step gives whether there may be more of its work at once."""

    def __init__(self, deps: WorkerDeps) -> None:
        self._deps = deps
        self._database = deps.database

    def duties(self) -> list[TimedDuty]:
        return [
            ("media", self._media, MEDIA_S),
            ("orders", self._orders, ORDERS_S),
            ("ports", self._ports, PORTS_S),
            ("imports", self._imports, IMPORTS_S),
            ("number_jobs", self._number_jobs, IMPORTS_S),
            ("replays", self._replays, REPLAYS_S),
            ("rates", self._rates, RATES_S),
            ("renewals", self._renewals, RENEWALS_S),
            ("spikes", self._spikes, SPIKES_S),
            ("splits", self._splits, SPLITS_S),
            ("left_over", self._left_over, HOUSEKEEPING_S),
            ("talks", self._talks, TALKS_S),
            ("emails", self._emails, EMAILS_S),
            ("carrier_numbers", self._carrier_numbers, CARRIER_NUMBERS_S),
            ("carrier_ports", self._carrier_ports, CARRIER_PORTS_S),
            ("carrier_leftovers", self._carrier_leftovers, SWEEP_S),
            ("left_files", self._left_files, SWEEP_S),
            ("old_traces", self._old_traces, SWEEP_S),
            ("retention", self._retention, SWEEP_S),
            ("portal_mails", self._portal_mails, MAILS_S),
            ("portal_leftovers", self._portal_leftovers, SWEEP_S),
        ]

    async def _billing_time(self) -> datetime:
        return await read_clock(self._database, now=self._deps.clock())

    async def _orders(self) -> bool:
        """By the billing clock: a number that is confirmed late has its first month from then on, too."""
        billing_time = await self._billing_time()
        return bool(await reconcile_orders(self._database, self._deps.carriers, billing_time))

    async def _renewals(self) -> bool:
        billing_time = await self._billing_time()
        looked_at = await renew_numbers(self._database, billing_time)
        await top_up_tokens(self._database, billing_time)
        await reconcile_stock(self._database, self._deps.carriers, billing_time)
        await delete_frozen(self._database, billing_time)
        return bool(looked_at)

    async def _ports(self) -> bool:
        billing_time = await self._billing_time()
        played = await play_ports(self._database, billing_time)
        arrived = await cut_over_ports(self._database, billing_time)
        gone = await finish_port_outs(self._database, billing_time)
        return bool(played or arrived or gone)

    async def _imports(self) -> bool:
        return await go_on_with_imports(self._database, await self._billing_time())

    async def _number_jobs(self) -> bool:
        return await go_on_with_jobs(self._database, await self._billing_time())

    async def _replays(self) -> bool:
        return await go_on_with_replays(self._database, self._deps.clock())

    async def _rates(self) -> bool:
        return bool(await apply_due_changes(self._database, await self._billing_time()))

    async def _splits(self) -> bool:
        await roll_back_splits(self._database, self._deps.clock())
        return False

    async def _left_over(self) -> bool:
        now = self._deps.clock()
        billing_time = await self._billing_time()
        await forget_imports(self._database, billing_time)
        await forget_jobs(self._database, billing_time)
        await release_left_holds(self._database, now)
        await fail_unheeded(self._database, now)
        await end_abandoned_runs(self._database, created_before=now - ABANDONED_AFTER, now=now)
        await end_outlived(self._database, now)
        return False

    async def _spikes(self) -> bool:
        await look_for_spikes(self._database, self._deps.clock())
        await look_for_firsts(self._database, self._deps.clock())
        return False

    async def _portal_mails(self) -> bool:
        return await send_waiting_mails(self._database, self._deps.post.mailer, self._deps.clock())

    async def _portal_leftovers(self) -> bool:
        await forget_left_overs(self._database, self._deps.clock())
        return False

    async def _emails(self) -> bool:
        return bool(await try_again(self._database, self._deps.post, self._deps.clock()))

    async def _talks(self) -> bool:
        await end_left_talks(self._database, self._deps.clock())
        return False

    async def _old_traces(self) -> bool:
        await forget_traces(self._database, before=self._deps.clock() - self._deps.signalling_kept)
        return False

    async def _retention(self) -> bool:
        now = self._deps.clock()
        await make_room(self._database, now)
        return await forget_old(self._database, self._deps.kept, self._deps.archive, now)

    async def _carrier_numbers(self) -> bool:
        await withdraw_old_offers(self._database, await self._billing_time())
        return bool(await look_at_numbers(self._database, self._deps.carriers, self._deps.clock()))

    async def _carrier_ports(self) -> bool:
        billing_time = await self._billing_time()
        return bool(await follow_ports(self._database, self._deps.port_carriers, self._deps.contents, billing_time))

    async def _carrier_leftovers(self) -> bool:
        now = self._deps.clock()
        await look_for_strays(self._database, self._deps.carriers, now)
        await forget_exchanges(self._database, now)
        return False

    async def _left_files(self) -> bool:
        now = self._deps.clock()
        await sweep_documents(self._database, self._deps.documents, now)
        await sweep_recordings(self._database, self._deps.recordings, now)
        await sweep_media(self._database, self._deps.media, now)
        return bool(await delete_outlived(self._database, self._deps.sounds, now))

    async def _media(self) -> bool:
        return await keep_media(self._database, self._deps.media, self._deps.files, self._deps.clock())
