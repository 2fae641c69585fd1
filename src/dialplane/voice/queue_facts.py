"""What somebody who waits in a queue is told of it: VoIPBIN's variables (3.6), Twilio's parameters of a `waitUrl`."""

from dialplane.domain.ids import to_sid
from dialplane.domain.queues import Outlook, Queue, Queuecall
from dialplane.voice.waiting_sound import Facts


def facts(queue: Queue, call: Queuecall, outlook: Outlook) -> Facts:
    return Facts(
        variables={
            "voipbin.queue.id": str(queue.id),
            "voipbin.queue.name": queue.name,
            "voipbin.queue.detail": queue.detail,
            "voipbin.queue.size": str(outlook.size),
            "voipbin.queuecall.id": str(call.id),
            "voipbin.queuecall.timeout_wait": str(call.wait_timeout_ms),
            "voipbin.queuecall.timeout_service": str(call.service_timeout_ms),
            "voipbin.queuecall.position": str(outlook.position),
            "voipbin.queuecall.waited": str(outlook.waited_s),
            "voipbin.queuecall.estimated_wait": str(outlook.estimated_wait_s),
        },
        parameters=(
            ("QueueSid", to_sid("QU", queue.id)),
            ("CurrentQueueSize", str(outlook.size)),
            ("QueuePosition", str(outlook.position)),
            ("QueueTime", str(outlook.waited_s)),
            ("AvgQueueTime", str(outlook.average_wait_s)),
            ("EstimatedWaitTime", str(outlook.estimated_wait_s)),
        ),
    )
