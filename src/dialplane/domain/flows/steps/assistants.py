"""Actions that leave a talk, a task or a summary to an assistant."""

from dataclasses import replace
from uuid import UUID

from dialplane.domain.flows.steps.step import Enter, GoOn, Outcome, Step, StepFault
from dialplane.domain.programs import commands
from dialplane.domain.programs.commands import Result

HEARD = "voipbin.conversation_message.text"


def ai_talk(step: Step) -> Outcome:
    begun = step.options.find_id("aicall_id")
    return replace(
        _converse(step), duration_s=step.options.whole("duration"), conversation_id=begun, goes_on=begun is not None
    )


def ai_task(step: Step) -> Outcome:
    return _converse(step)


def _converse(step: Step) -> commands.Converse:
    options = step.options
    return commands.Converse(
        "talk" if step.action.type == "ai_talk" else "task",
        assistance_type=options.text("assistance_type") or "ai",
        assistance_id=options.find_id("assistance_id") or options.find_id("ai_id"),
        text=step.variables.get(HEARD),
    )


def conversed(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.Conversed):
        raise StepFault("no assistant answered")
    assistance = step.options.find_id("assistance_id") or step.options.find_id("ai_id")
    step.variables.set_fact("voipbin.aicall.id", str(result.conversation_id))
    step.variables.set_fact("voipbin.aicall.ai_id", str(assistance or ""))
    step.variables.set_fact("voipbin.aicall.ai_engine_model", result.model)
    step.variables.set_fact("voipbin.aicall.text", result.text)
    return GoOn(f"the assistant said {result.text[:200]!r}", warning=result.warning)


def ai_summary(step: Step) -> Outcome:
    options = step.options
    reference_type, reference_id = options.text("reference_type"), options.find_id("reference_id")
    return commands.Converse(
        "summary",
        language=options.text("language"),
        reference_type=reference_type or step.variables.get("voipbin.activeflow.reference_type"),
        reference_id=reference_id or _own_reference(step),
        text=step.variables.get(HEARD),
    )


def _own_reference(step: Step) -> UUID | None:
    text = step.variables.get("voipbin.activeflow.reference_id")
    return UUID(text) if text else None


def summarized(step: Step, result: Result) -> Outcome:
    """The flow named by `on_end_flow_id` runs in place, with the summary in its variables."""
    if isinstance(result, commands.FlowLoaded):
        return Enter(list(result.actions))
    if not isinstance(result, commands.Conversed):
        raise StepFault("no summary was made")
    options = step.options
    step.variables.set_fact("voipbin.ai_summary.id", str(result.conversation_id))
    step.variables.set_fact("voipbin.ai_summary.reference_type", options.text("reference_type"))
    step.variables.set_fact("voipbin.ai_summary.reference_id", str(options.find_id("reference_id") or ""))
    step.variables.set_fact("voipbin.ai_summary.language", options.text("language"))
    step.variables.set_fact("voipbin.ai_summary.content", result.text)
    following = options.find_id("on_end_flow_id")
    if following is not None:
        return commands.LoadFlow(following)
    return GoOn(f"summary of {len(result.text)} characters", warning=result.warning)
