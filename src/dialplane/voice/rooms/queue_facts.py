"""What somebody who waits in a queue is told of it: VoIPBIN's variables (3.6), Twilio's parameters of a `waitUrl`."""

from dialplane.domain.flows.facts import queue_facts, waiting_facts
from dialplane.domain.ids import to_sid
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
