"""The worker: every duty of its own pace, side by side, until told to stop. Any number of workers may run."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dialplane.domain.ids import utc_now
from dialplane.services.calling.traces import forget_traces
from dialplane.services.charging.billing import top_up_tokens
from dialplane.services.charging.rate_changes import apply_due_changes
from dialplane.services.identity.portal_mail import send_waiting_mails
from dialplane.services.identity.sign_in import forget_left_overs
from dialplane.services.left_files import KeptFiles, sweep_documents, sweep_recordings
from dialplane.services.messaging.emails import OUTBOX, Post, try_again
from dialplane.services.messaging.media import FileSource, keep_media
from dialplane.services.messaging.message_sending import MessageCarrier
from dialplane.services.numbering.carrier_ports import PortCarriers, follow_ports
from dialplane.services.numbering.documents import ObjectStore
from dialplane.services.numbering.number_jobs import forget_jobs, go_on_with_jobs
from dialplane.services.numbering.port_outs import finish_port_outs
from dialplane.services.numbering.port_progress import cut_over_ports, play_ports
from dialplane.services.numbering.reconcile import reconcile_orders, reconcile_stock, release_left_holds
from dialplane.services.numbering.renewal import renew_numbers
from dialplane.services.programs.api_runs import ApiRuns
from dialplane.services.programs.assistants import BUILT_IN, Assistants
from dialplane.services.programs.outside import RunOutside, Web
from dialplane.services.programs.program_runner import LONGEST_RUN_S
from dialplane.services.programs.runs import end_abandoned_runs
from dialplane.services.recording.recognition import Recognizer
from dialplane.services.recording.recording_life import fail_unheeded
from dialplane.services.recording.recordings import Sounds, delete_outlived
from dialplane.services.rooms.conference_rooms import end_outlived
from dialplane.services.settings import read_clock
from dialplane.services.supply.carrier_accounts import forget_exchanges, withdraw_old_offers
from dialplane.services.supply.carrier_numbers import look_at_numbers, look_for_strays
from dialplane.services.supply.carriers import Carriers
from dialplane.services.supply.imports import forget_imports, go_on_with_imports
from dialplane.services.tenancy.unregistering import delete_frozen
from dialplane.services.transaction import Database
from dialplane.worker.deliveries import Deliveries
from dialplane.worker.messages import MessageReceipts, MessageRuns, MessageSending
from dialplane.worker.ports import Link, WebhookSender
from dialplane.worker.repeat import repeat
from dialplane.worker.transcriptions import RecordingTranscriptions

ORDERS_S = 1.0
PORTS_S = 1.0
"""A cut-over is at the minute; who rings a number in its first second may still reach the other carrier."""
IMPORTS_S = 1.0
RATES_S = 1.0
TRANSCRIPTIONS_S = 1.0
MAILS_S = 1.0
MEDIA_S = 1.0
EMAILS_S = 10.0
RENEWALS_S = 5.0
CARRIER_PORTS_S = 5.0
CARRIER_NUMBERS_S = 20.0
"""A number that was just bought is looked at by then."""
HOUSEKEEPING_S = 30.0
SWEEP_S = 3600.0
"""Of files that are a day old and nobody's: an hour more or less is no matter."""
STOP_S = 20.0
"""A webhook's attempt and a carrier's answer end by then; what does not is taken up again by the next worker."""

TimedDuty = tuple[str, Callable[[], Awaitable[bool]], float]
"""Its name, its step, and after how many seconds it is repeated."""

ABANDONED_AFTER = timedelta(seconds=LONGEST_RUN_S + 300)
"""No driver of a run is alive then: a run that takes longer ends by itself."""


@dataclass(frozen=True, slots=True)
class WorkerDeps:
    """What `bootstrap` hands over. `web` and `webhooks` are the guarded client, entered and closed by the caller."""

    database: Database
    link: Link
    webhooks: WebhookSender
    web: Web
    message_carrier: MessageCarrier
    carriers: Carriers
    port_carriers: PortCarriers
    documents: KeptFiles
    contents: ObjectStore
    """What is kept in `documents`."""
    recordings: KeptFiles
    sounds: Sounds
    recognizer: Recognizer
    media: ObjectStore
    files: FileSource
    public_url: str = ""
    assistants: Assistants = BUILT_IN
    post: Post = OUTBOX
    signalling_kept: timedelta = timedelta(days=7)
    clock: Callable[[], datetime] = utc_now


async def serve(deps: WorkerDeps, stop: asyncio.Event) -> None:
    """Work until `stop` is set; then end what is under way, at most `STOP_S` long, and return.

    The database may come and go: every duty goes on when it is back (AV-3).
    """
    async with asyncio.TaskGroup() as background:
        outside = RunOutside(
            deps.database,
            deps.web,
            deps.clock,
            lambda work: _spawn(background, work),
            deps.assistants,
            deps.post,
            deps.public_url,
        )
        deliveries = Deliveries(deps.database, deps.webhooks, deps.link)
        sending = MessageSending(deps.database, deps.message_carrier, deps.link, deps.clock)
        runs = MessageRuns(deps.database, outside, deps.link, deps.clock)
        receipts = MessageReceipts(deps.database, deps.message_carrier, deps.clock)
        follow = ApiRuns(deps.database, outside, background, deps.clock).follow_transcription
        transcriptions = RecordingTranscriptions(
            deps.database, deps.recognizer, deps.sounds, deps.public_url, deps.clock, follow
        )
        duties_by_time = [*_housekeeping(deps), ("transcriptions", transcriptions.step, TRANSCRIPTIONS_S)]
        timed = [(duty, asyncio.Event()) for duty in duties_by_time]
        due = [wake for _, wake in timed]
        wakes = {"deliveries": [deliveries.wake], "messages": [sending.wake], "runs": [runs.wake], "due": due}
        every = [deliveries.wake, sending.wake, runs.wake, *due]

        def hint(word: str) -> None:
            for wake in wakes.get(word, every):
                wake.set()

        link = background.create_task(deps.link.keep(hint))
        duties = [
            deliveries.run(stop),
            sending.run(stop),
            runs.run(stop),
            receipts.run(stop),
            *(repeat(name, step, wake=wake, stopping=stop, poll_s=pause) for (name, step, pause), wake in timed),
        ]
        working = [background.create_task(duty) for duty in duties]
        await stop.wait()
        await asyncio.wait(working, timeout=STOP_S)
        for task in (*working, link):
            task.cancel()


def _housekeeping(deps: WorkerDeps) -> list[TimedDuty]:
    """The duties that only look at the time: at their pace, and where credit came or the sandbox's clock was moved."""
    database = deps.database

    async def orders() -> bool:
        # By the billing clock: a number that is confirmed late has its first month from then on, too.
        billing_time = await read_clock(database, now=deps.clock())
        return bool(await reconcile_orders(database, deps.carriers, billing_time))

    async def renewals() -> bool:
        billing_time = await read_clock(database, now=deps.clock())
        looked_at = await renew_numbers(database, billing_time)
        await top_up_tokens(database, billing_time)
        await reconcile_stock(database, deps.carriers, billing_time)
        await delete_frozen(database, billing_time)
        return bool(looked_at)

    async def ports() -> bool:
        billing_time = await read_clock(database, now=deps.clock())
        played = await play_ports(database, billing_time)
        arrived = await cut_over_ports(database, billing_time)
        gone = await finish_port_outs(database, billing_time)
        return bool(played or arrived or gone)

    async def imports() -> bool:
        return await go_on_with_imports(database, await read_clock(database, now=deps.clock()))

    async def number_jobs() -> bool:
        return await go_on_with_jobs(database, await read_clock(database, now=deps.clock()))

    async def rates() -> bool:
        return bool(await apply_due_changes(database, await read_clock(database, now=deps.clock())))

    async def left_over() -> bool:
        now = deps.clock()
        billing_time = await read_clock(database, now=now)
        await forget_imports(database, billing_time)
        await forget_jobs(database, billing_time)
        await release_left_holds(database, now)
        await fail_unheeded(database, now)
        await end_abandoned_runs(database, created_before=now - ABANDONED_AFTER, now=now)
        await end_outlived(database, now)
        return False

    async def portal_mails() -> bool:
        return await send_waiting_mails(database, deps.post.mailer, deps.clock())

    async def portal_leftovers() -> bool:
        await forget_left_overs(database, deps.clock())
        return False

    async def emails() -> bool:
        return bool(await try_again(database, deps.post, deps.clock()))

    async def old_traces() -> bool:
        await forget_traces(database, before=deps.clock() - deps.signalling_kept)
        return False

    async def carrier_numbers() -> bool:
        await withdraw_old_offers(database, await read_clock(database, now=deps.clock()))
        return bool(await look_at_numbers(database, deps.carriers, deps.clock()))

    async def carrier_ports() -> bool:
        billing_time = await read_clock(database, now=deps.clock())
        return bool(await follow_ports(database, deps.port_carriers, deps.contents, billing_time))

    async def carrier_leftovers() -> bool:
        now = deps.clock()
        await look_for_strays(database, deps.carriers, now)
        await forget_exchanges(database, now)
        return False

    async def left_files() -> bool:
        now = deps.clock()
        await sweep_documents(database, deps.documents, now)
        await sweep_recordings(database, deps.recordings, now)
        return bool(await delete_outlived(database, deps.sounds, now))

    async def media() -> bool:
        return await keep_media(database, deps.media, deps.files, deps.clock())

    return [
        ("media", media, MEDIA_S),
        ("orders", orders, ORDERS_S),
        ("ports", ports, PORTS_S),
        ("imports", imports, IMPORTS_S),
        ("number_jobs", number_jobs, IMPORTS_S),
        ("rates", rates, RATES_S),
        ("renewals", renewals, RENEWALS_S),
        ("left_over", left_over, HOUSEKEEPING_S),
        ("emails", emails, EMAILS_S),
        ("carrier_numbers", carrier_numbers, CARRIER_NUMBERS_S),
        ("carrier_ports", carrier_ports, CARRIER_PORTS_S),
        ("carrier_leftovers", carrier_leftovers, SWEEP_S),
        ("left_files", left_files, SWEEP_S),
        ("old_traces", old_traces, SWEEP_S),
        ("portal_mails", portal_mails, MAILS_S),
        ("portal_leftovers", portal_leftovers, SWEEP_S),
    ]


def _spawn(owner: asyncio.TaskGroup, work: Coroutine[Any, Any, object]) -> None:
    owner.create_task(work)
