"""`ai_talk` on a call: the assistant speaks, the caller answers by voice where that is recognized, else by keys."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Literal

from dialplane.domain.programs.commands import (
    Command,
    Converse,
    Conversed,
    Digits,
    Failed,
    Gather,
    Heard,
    Result,
    Say,
    SpeechWish,
)

CarryOut = Callable[[Command], Awaitable[Result]]

LISTEN_MS = 8_000
BETWEEN_KEYS_MS = 1_500
MAX_TURNS = 50
SILENT_TURNS = 2
"""So often in a row the caller may say nothing."""
LONGEST_S = 1_800


async def talk(carry_out: CarryOut, command: Converse) -> Result:
    """Take turns until the assistant takes its leave, the caller falls silent, or the time is over.

    `carry_out` does single commands, a turn of the assistant (`Converse` of kind `task`) among them.
    """
    turns: list[tuple[Literal["user", "assistant"], str]] = []
    last: Result = Failed("no assistant answered")
    try:
        async with asyncio.timeout(command.duration_s or LONGEST_S):
            silent, last_member = 0, command.member_id
            for _ in range(MAX_TURNS):
                talk_id = last.conversation_id if isinstance(last, Conversed) else command.conversation_id
                asked = replace(
                    command,
                    kind="task",
                    text="",
                    turns=tuple(turns),
                    member_id=last_member,
                    conversation_id=talk_id,
                    goes_on=True,
                )
                answer = await carry_out(asked)
                if not isinstance(answer, Conversed):
                    return answer
                last, last_member = answer, answer.member_id
                if not answer.text:
                    if answer.is_over:
                        return answer
                    await _listen(carry_out, command)  # the talk is paused: what is said goes unanswered
                    continue
                turns.append(("assistant", answer.text))
                await carry_out(_speech(answer, command))
                if answer.is_over:
                    return answer
                said = _words(await _listen(carry_out, command))
                silent = 0 if said else silent + 1
                if silent == SILENT_TURNS:
                    break
                turns.append(("user", said or "(silence)"))
    except TimeoutError:
        pass  # the time that the flow gave is over: what was said last is the result
    if isinstance(last, Conversed):
        await carry_out(replace(command, kind="end", conversation_id=last.conversation_id))
    return last


def _speech(answer: Conversed, command: Converse) -> Say:
    language = command.language or "en-US"
    return Say(answer.text, language=language, voice_id=answer.voice_id, stop_on_digit=True)


async def _listen(carry_out: CarryOut, command: Converse) -> Result:
    """Voice and keys; keys alone where nothing here understands speech."""
    speech = SpeechWish(language=command.language or "en-US")
    wanted = Gather(LISTEN_MS, between_ms=BETWEEN_KEYS_MS, end_keys="#", speech=speech)
    heard = await carry_out(wanted)
    return await carry_out(replace(wanted, speech=None)) if isinstance(heard, Failed) else heard


def _words(result: Result) -> str:
    match result:
        case Heard(text):
            return text.strip()
        case Digits(digits):
            return digits.rstrip("#")
        case _:
            return ""
