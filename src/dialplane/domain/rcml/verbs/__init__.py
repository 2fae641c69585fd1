"""The verbs: one module for each family, and the table of who may run what where."""

from collections.abc import Callable, Mapping

from dialplane.domain.programs.commands import Medium
from dialplane.domain.rcml.context import Role, Steps
from dialplane.domain.rcml.verb import Verb
from dialplane.domain.rcml.verbs.conference import enqueue
from dialplane.domain.rcml.verbs.control import hangup, leave, redirect, refer, reject
from dialplane.domain.rcml.verbs.dial import dial
from dialplane.domain.rcml.verbs.gather import gather
from dialplane.domain.rcml.verbs.prompts import pause, play, say
from dialplane.domain.rcml.verbs.record import record
from dialplane.domain.rcml.verbs.streams import connect, start, stop
from dialplane.domain.rcml.verbs.texts import cannot_run, email, fax, sms

VERBS: Mapping[str, Callable[[Verb], Steps]] = {
    "Say": say, "Play": play, "Pause": pause, "Gather": gather, "Record": record, "Dial": dial, "Enqueue": enqueue,
    "Hangup": hangup, "Redirect": redirect, "Reject": reject, "Refer": refer, "Leave": leave,
    "Connect": connect, "Start": start, "Stop": stop,
    "Sms": sms, "Message": sms, "Email": email,
    "Fax": fax, "UssdCollect": cannot_run, "UssdMessage": cannot_run, "Language": cannot_run,
    "Geolocation": cannot_run,
}  # fmt: skip

OF_MESSAGES = frozenset({"Sms", "Message", "Redirect", "Email"})
"""The others are noted (14110) and skipped in the answer to a message (reference 5.6)."""
_ALLOWED: Mapping[Role, frozenset[str]] = {
    Role.CALLEE: frozenset({"Say", "Play", "Pause", "Gather", "Record", "Redirect", "Hangup", "Sms", "Message"}),
    Role.WAITING: frozenset({"Say", "Play", "Pause", "Gather", "Redirect", "Hangup", "Leave"}),
}

NOT_IN_A_MESSAGE, NOT_HERE = 14110, 13200


def why_not(name: str, medium: Medium, role: Role) -> tuple[int, str] | None:
    """Why a verb may not run here, as a notification says it; None where it may."""
    if medium is not Medium.CALL:
        return None if name in OF_MESSAGES else (NOT_IN_A_MESSAGE, f"<{name}> is not allowed in an SMS reply")
    allowed = _ALLOWED.get(role)
    if allowed is None or name in allowed:
        return None
    return NOT_HERE, f"<{name}> is not allowed in the document of a {role.value}"
