"""Messages in words: what became of one."""

from collections.abc import Mapping

from dialplane.domain.messaging.messages import TargetStatus

STATUSES: Mapping[TargetStatus, tuple[str, str]] = {
    TargetStatus.RECEIVED: ("Received", "good"),
    TargetStatus.QUEUED: ("Queued", "wait"),
    TargetStatus.GW_TIMEOUT: ("Carrier did not answer", "bad"),
    TargetStatus.SENT: ("Sent", "wait"),
    TargetStatus.DLR_TIMEOUT: ("No receipt came", "wait"),
    TargetStatus.FAILED: ("Failed", "bad"),
    TargetStatus.DELIVERED: ("Delivered", "good"),
}
"""The words, and the colour of each."""


def segments(parts: int) -> str:
    return f"{parts} segment" if parts == 1 else f"{parts} segments"


WORDS: Mapping[str, object] = {"statuses": STATUSES, "segments": segments}
"""For every template."""
