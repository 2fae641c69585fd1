"""What somebody who waits in a queue is told of it: VoIPBIN's variables (3.6), Twilio's parameters of a `waitUrl`."""

from dataclasses import replace
from datetime import datetime

from dialplane.domain.flows.facts import queue_facts, waiting_facts
from dialplane.domain.ids import CallId, to_sid
from dialplane.domain.programs.sources import DocumentSource, ProgramSource
from dialplane.domain.rooms.queues import Outlook, Queue, Queuecall
from dialplane.voice.rooms.waiting_sound import Facts


def facts(queue: Queue, call: Queuecall, outlook: Outlook) -> Facts:
    return Facts(
        variables=queue_facts(queue, call) | waiting_facts(outlook),
        parameters=(
            ("QueueSid", to_sid("QU", queue.id)),
            ("CurrentQueueSize", str(outlook.size)),
            ("QueuePosition", str(outlook.position)),
            ("QueueTime", str(outlook.waited_s)),
            ("AvgQueueTime", str(outlook.average_wait_s)),
            ("EstimatedWaitTime", str(outlook.estimated_wait_s)),
        ),
    )


def before_the_talk(source: ProgramSource, call: Queuecall, taken_by: CallId, now: datetime) -> ProgramSource:
    """The document that a caller hears before it is joined, told of the wait and of who takes it (Twilio's words)."""
    if not isinstance(source, DocumentSource):
        return source
    told = (
        ("QueueSid", to_sid("QU", call.queue_id)),
        ("QueueTime", str(round(call.waited_s(now)))),
        ("DequeingCallSid", to_sid("CA", taken_by)),
    )
    return replace(source, parameters=(*source.parameters, *told))
