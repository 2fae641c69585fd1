"""Hangup, Redirect, Reject, Refer and Leave: where the call goes on, or that it ends."""

from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.programs.commands import Failed, Hangup, LeaveQueue, Referred, ReferTo
from dialplane.domain.rcml.context import Request, Role, Steps
from dialplane.domain.rcml.parameters import Form
from dialplane.domain.rcml.verb import Verb

REDIRECT_METHOD, REFER_FAILED, NO_QUEUE = 13710, 13810, 13240
BUSY, DECLINED = 486, 603


def hangup(verb: Verb) -> Steps:
    """Of whoever hears the document, also while it waits."""
    return Hangup()
    yield  # a step like the others, that asks for nothing


def redirect(verb: Verb) -> Steps:
    """Without a text it is the document itself again."""
    url = verb.context.absolute(verb.text) if verb.text else verb.context.base_url
    method = verb.method(code=REDIRECT_METHOD)
    return Request(url, method) if url else verb.context.hang_up("a Redirect without an address")
    yield  # as above


def reject(verb: Verb) -> Steps:
    """Before the answer the caller is told so; afterwards it is a hang-up."""
    if verb.context.answered or verb.context.role is not Role.CALL:
        return verb.context.hang_up()
    if verb.choice("reason", ("rejected", "busy"), "rejected") == "busy":
        return Hangup(HangupReason.BUSY.value, sip_code=BUSY)
    return Hangup(HangupReason.NORMAL.value, sip_code=DECLINED)
    yield  # as above


def refer(verb: Verb) -> Steps:
    """Twilio's: the party is asked to call somebody else; what came of it goes to the action."""
    target = next((noun.text for noun in verb.children(("Sip", "ReferSip"))), verb.text)
    if not target:
        verb.context.note(REFER_FAILED, "<Refer>: it names nobody to refer to")
        return None
    result = yield ReferTo(target)
    if not isinstance(result, Referred):
        if isinstance(result, Failed) and not verb.context.over:
            verb.context.note(REFER_FAILED, f"<Refer>: {result.reason}")
        return verb.action((("ReferCallStatus", "failed"),), default_is_document=False)
    reached = 200 <= result.notified_code < 300
    fields: Form = (
        ("ReferCallStatus", "completed" if reached else "failed"),
        ("ReferSipResponseCode", str(result.sip_code)),
    )
    if result.notified_code:
        fields += (("NotifySipResponseCode", str(result.notified_code)),)
    return verb.action(fields, default_is_document=False)


def leave(verb: Verb) -> Steps:
    """Out of the queue in which the call waits; elsewhere there is none to leave."""
    if verb.context.role is Role.WAITING:
        return LeaveQueue()
    verb.warn(NO_QUEUE, "<Leave>: the call waits in no queue")
    return None
    yield  # as above
