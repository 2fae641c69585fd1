"""The worker: every duty of its own pace, side by side, until told to stop. Any number of workers may run."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from dialplane.services.campaigns.dialling import go_on_with_campaigns
from dialplane.services.programs.api_runs import ApiRuns
from dialplane.services.programs.outside import RunOutside
from dialplane.worker.deliveries import Deliveries
from dialplane.worker.deps import WorkerDeps
from dialplane.worker.housekeeping import Housekeeping
from dialplane.worker.messages import MessageReceipts, MessageRuns, MessageSending
from dialplane.worker.repeat import repeat
from dialplane.worker.silent_nodes import LOOK_S, SilentNodes
from dialplane.worker.transcriptions import RecordingTranscriptions

TRANSCRIPTIONS_S = 1.0
CAMPAIGNS_S = 1.0
STOP_S = 20.0
"""A webhook's attempt and a carrier's answer end by then; what does not is taken up again by the next worker."""


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
        deliveries = Deliveries(deps.database, deps.webhooks, deps.link, deps.figures)
        sending = MessageSending(deps.database, deps.message_carrier, deps.link, deps.clock)
        runs = MessageRuns(deps.database, outside, deps.media_places, deps.link, deps.clock)
        receipts = MessageReceipts(deps.database, deps.message_carrier, deps.clock)
        beside = ApiRuns(deps.database, outside, background, deps.clock)
        transcriptions = RecordingTranscriptions(
            deps.database, deps.recognizer, deps.sounds, deps.public_url, deps.clock, beside.follow_transcription
        )

        silent = SilentNodes(
            deps.database,
            lease_s=deps.node_lease_s,
            clock=deps.clock,
            seconds=asyncio.get_running_loop().time,
        )

        async def dial_campaigns() -> bool:
            await go_on_with_campaigns(deps.database, beside.start, deps.clock())
            return False

        duties_by_time = [
            *Housekeeping(deps).duties(),
            ("transcriptions", transcriptions.step, TRANSCRIPTIONS_S),
            ("campaigns", dial_campaigns, CAMPAIGNS_S),
            ("silent_nodes", silent.step, LOOK_S),
        ]
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


def _spawn(owner: asyncio.TaskGroup, work: Coroutine[Any, Any, object]) -> None:
    owner.create_task(work)
