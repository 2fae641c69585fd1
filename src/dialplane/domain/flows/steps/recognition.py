"""Actions that listen: machine detection and transcription."""

from typing import get_args
from uuid import UUID

from dialplane.domain.flows.steps.step import GoOn, Outcome, Step, StepFault, literal
from dialplane.domain.programs import commands, recognition
from dialplane.domain.programs.commands import Result

_HEARINGS: tuple[recognition.Hearing, ...] = get_args(recognition.Hearing)


def amd(step: Step) -> Outcome:
    options = step.options
    return commands.DetectMachine(
        wait=not options.flag("async"), hang_up_on_machine=options.text("machine_handle") == "hangup"
    )


def machine_detected(step: Step, result: Result) -> Outcome:
    """Where the flow does not wait, the runtime hangs up when it knows."""
    if not isinstance(result, commands.MachineDetected):
        raise StepFault("nothing was detected")
    step.variables.set_fact("voipbin.call.answered_by", result.answered_by)
    is_machine = result.answered_by.startswith("machine") or result.answered_by == "fax"
    if is_machine and step.options.text("machine_handle") == "hangup":
        return commands.Hangup("amd")
    return GoOn(f"answered by {result.answered_by}")


def transcribe_start(step: Step) -> Outcome:
    options = step.options
    return commands.StartTranscription(
        language=options.text("language") or "en-US",
        direction=literal(options.text("direction"), _HEARINGS, "both"),
        provider=options.text("provider"),
        on_end_flow_id=options.find_id("on_end_flow_id"),
    )


def transcribe_recording(step: Step) -> Outcome:
    """The run's last recording; it is told by its variable."""
    options = step.options
    recording = step.variables.get("voipbin.recording.id")
    return commands.TranscribeRecording(
        recording_id=UUID(recording) if recording else None,
        language=options.text("language") or "en-US",
        provider=options.text("provider"),
        direction=literal(options.text("direction"), _HEARINGS, "both"),
        on_end_flow_id=options.find_id("on_end_flow_id"),
    )


def transcription_started(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.TranscriptionStarted):
        raise StepFault("no transcription was started")
    step.variables.set_fact("voipbin.transcribe.id", str(result.transcription_id))
    step.variables.set_fact("voipbin.transcribe.language", step.options.text("language") or "en-US")
    step.variables.set_fact("voipbin.transcribe.direction", step.options.text("direction") or "both")
    return GoOn(f"transcription {result.transcription_id}")


def transcribe_stop(step: Step) -> Outcome:
    return commands.StopTranscription()
