"""The command `DetectMachine`: listen to the party that answered, and say whether it is a person."""

import asyncio
from dataclasses import replace

import structlog

from dialplane.audio.machine_detection import Limits, MachineDetector
from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.programs.commands import DetectMachine, MachineDetected
from dialplane.services.eventing.status_callbacks import tell_who_answered
from dialplane.services.transaction import Database
from dialplane.voice.leg import Leg
from dialplane.voice.ports import AudioTrack
from dialplane.voice.waiting import unless_ended

LOOK_S = 0.1
"""How often silence is judged: lost or suppressed packets bring no frames."""

log = structlog.get_logger()


async def detect_machine(database: Database, leg: Leg, command: DetectMachine) -> MachineDetected:
    """Who answered; at once `unknown`, where the program does not wait and hears of it by the call's `answered_by`,
    or its callback."""
    if command.wait:
        return await _detect(database, leg, command)
    leg.keep(_detect(database, leg, command))
    return MachineDetected("unknown")


async def _detect(database: Database, leg: Leg, command: DetectMachine) -> MachineDetected:
    media = await leg.media_ready()
    limits = _limits(command)
    detector = MachineDetector(until_message_end=command.until_message_end, limits=limits)

    def hear(track: AudioTrack, at_ms: int, frame: bytes) -> None:
        detector.hear(at_ms, frame)

    tap = media.tap(hear)
    try:
        await unless_ended(leg, _listen(detector))
    finally:
        tap.close()
    found = _result(detector)
    details = replace(leg.call.details, answered_by=found.answered_by, machine_detection_ms=found.duration_ms)
    leg.update(extras=details)
    leg.tell()
    if command.status is not None:
        await tell_who_answered(database, leg.call, command.status, leg.now())
    log.info("answered_by", call_id=str(leg.call.id), answered_by=found.answered_by, after_ms=found.duration_ms)
    is_machine = found.answered_by.startswith("machine") or found.answered_by == "fax"
    if is_machine and command.hang_up_on_machine:
        leg.hang_up(HangupReason.AMD, text="a machine answered")
    return found


def _limits(command: DetectMachine) -> Limits:
    usual = Limits()
    return Limits(
        greeting_ms=command.greeting_ms or usual.greeting_ms,
        pause_ms=command.pause_ms or usual.pause_ms,
        silence_ms=command.silence_ms or usual.silence_ms,
        longest_ms=command.longest_ms,
        end_silence_ms=command.pause_ms or usual.end_silence_ms,
    )


async def _listen(detector: MachineDetector) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while detector.verdict is None:
        await asyncio.sleep(LOOK_S)
        # A frame may still be on its way from the media process when its time has passed here.
        detector.wait(round((loop.time() - began - LOOK_S) * 1000))


def _result(detector: MachineDetector) -> MachineDetected:
    if detector.verdict is None:  # the call ended before anybody knew
        return MachineDetected("unknown", detector.elapsed_ms)
    return MachineDetected(detector.verdict.value, detector.elapsed_ms)
