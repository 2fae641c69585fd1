"""What each action does: from its options to a command or a jump, and from the command's result to what comes next.

Two tables, `BEGIN` and `RESUME`, hold one function a type. A type missing from `RESUME` needs nothing of its result.
"""

from collections.abc import Callable

from dialplane.domain.flows.steps import decisions, media, others
from dialplane.domain.flows.steps.step import Outcome, Step
from dialplane.domain.programs.commands import Result

BEGIN: dict[str, Callable[[Step], Outcome]] = {
    "answer": media.answer,
    "beep": media.beep,
    "branch": decisions.branch,
    "call": others.call,
    "condition_datetime": decisions.condition_datetime,
    "condition_variable": decisions.condition_variable,
    "connect": media.connect,
    "conversation_send": others.conversation_send,
    "digits_receive": media.digits_receive,
    "digits_send": media.digits_send,
    "echo": media.echo,
    "fetch": others.fetch,
    "fetch_flow": others.fetch_flow,
    "goto": decisions.goto,
    "hangup": media.hangup,
    "message_send": others.message_send,
    "play": media.play,
    "recording_start": media.recording_start,
    "recording_stop": media.recording_stop,
    "sleep": media.sleep,
    "stop": decisions.stop,
    "talk": media.talk,
    "variable_set": decisions.variable_set,
    "webhook_send": others.webhook_send,
}

RESUME: dict[str, Callable[[Step, Result], Outcome]] = {
    "connect": media.connected,
    "digits_receive": media.digits_received,
    "fetch": others.fetched,
    "fetch_flow": others.flow_fetched,
    "recording_start": media.recording_started,
    "webhook_send": others.webhook_sent,
}
