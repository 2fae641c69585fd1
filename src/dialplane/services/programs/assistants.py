"""Talks, tasks and summaries that flows leave to an assistant (`ai_talk`, `ai_task`, `ai_summary`)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.ids import AccountId, CallId, ConversationId, TranscriptionId, new_id
from dialplane.domain.programs.ais import Speaker
from dialplane.domain.programs.assistants import Answer, Turn, answer_by_rules, summarize_by_rules
from dialplane.domain.programs.commands import Converse, Conversed
from dialplane.domain.programs.review_rules import review_by_rules
from dialplane.domain.programs.reviews import Judgement, ReviewKind
from dialplane.services.calling.timelines import call_timeline
from dialplane.services.messaging.conversations import list_conversation_messages
from dialplane.services.programs.ais import find_speaker
from dialplane.services.programs.rags import knowledge_for
from dialplane.services.recording.transcriptions import (
    TranscriptionQuery,
    get_transcription,
    list_transcriptions,
)
from dialplane.services.transaction import Database

MOST_HAND_OVERS = 5
"""Within one answer."""
HANDED_OVER = "(handed over)"
MOST_TRANSCRIPTIONS = 10
"""Of one recording or conference, the newest, that a summary is made of."""
MAX_MATERIAL = 60_000
"""Characters that are given to be summarized."""


class Assistants(Protocol):
    """Port: whoever can hold a conversation."""

    async def answer(self, turns: Sequence[Turn], *, speaker: Speaker | None) -> Answer:
        """What the assistant says next; without any turn, how it begins. `speaker` is who it is to be.

        Raises Unavailable where it does not answer.
        """
        ...

    async def summarize(self, material: str, *, language: str) -> Answer:
        """Raises Unavailable."""
        ...

    async def review(self, kind: ReviewKind, material: str, *, language: str) -> Judgement:
        """What it says of a talk, of a prompt and its talks, of a timeline. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class BuiltInAssistant:
    """Fulfils `Assistants` where none is set up: it greets, repeats and takes its leave, and says that it is ours."""

    async def answer(self, turns: Sequence[Turn], *, speaker: Speaker | None) -> Answer:
        hand_overs = [each.function_name for each in speaker.transitions] if speaker else []
        knowledge = speaker.knowledge if speaker else ()
        return answer_by_rules(turns, hand_overs=hand_overs, knowledge=knowledge)

    async def summarize(self, material: str, *, language: str) -> Answer:
        return summarize_by_rules(material)

    async def review(self, kind: ReviewKind, material: str, *, language: str) -> Judgement:
        return review_by_rules(kind, material)


BUILT_IN = BuiltInAssistant()


async def converse(
    database: Database, assistants: Assistants, account_id: AccountId, command: Converse, now: datetime
) -> Conversed:
    """One turn of a conversation, or a summary.

    Raises Invalid where there is nothing to summarize, NotFound where the reference or the assistant is no one's,
    Unavailable.
    """
    if command.kind == "summary":
        material = await _material(database, account_id, command.reference_type, command.reference_id)
        answer = await assistants.summarize(material or command.text, language=command.language)
        return Conversed(new_id(now), answer.text, answer.model, answer.warning, answer.is_over)
    turns = [Turn(who, text) for who, text in command.turns]
    if command.text:
        turns.append(Turn("user", command.text))
    answer, speaker = await _answer(database, assistants, account_id, command, turns)
    member_id, voice_id = (speaker.member_id, speaker.ai.tts_voice_id) if speaker else (None, "")
    return Conversed(new_id(now), answer.text, answer.model, answer.warning, answer.is_over, member_id, voice_id)


async def _answer(
    database: Database, assistants: Assistants, account_id: AccountId, command: Converse, turns: Sequence[Turn]
) -> tuple[Answer, Speaker | None]:
    """Who is asked may hand over to another of its team, who answers then; a team that hands on and on is cut off."""
    member_id = command.member_id
    for _ in range(MOST_HAND_OVERS):
        speaker = await find_speaker(database, account_id, command, member_id)
        if speaker is not None and speaker.ai.rag_id is not None:
            asked = next((turn.text for turn in reversed(turns) if turn.who == "user"), "")
            known = await knowledge_for(database, account_id, speaker.ai.rag_id, asked)
            speaker = replace(speaker, knowledge=known)
        answer = await assistants.answer(turns, speaker=speaker)
        if speaker is None or not answer.hand_over:
            return answer, speaker
        # What is said to the next one is how it begins: the words that led to it were for the one before.
        member_id, turns = speaker.after(answer.hand_over), [*turns, Turn("assistant", HANDED_OVER), Turn("user", "")]
    raise Unavailable("the assistants of the team hand the conversation on and on")


_TRANSCRIBED = {"recording": "recording", "conference": "confbridge"}
"""What their transcriptions call what they are of."""


async def _material(database: Database, account_id: AccountId, kind: str, reference_id: UUID | None) -> str:
    """What is known of the reference, in lines of text."""
    if reference_id is not None and (kind in _TRANSCRIBED or kind == "transcribe"):
        return await _words(database, account_id, kind, reference_id)
    if kind == "call" and reference_id is not None:
        happened = await call_timeline(database, account_id, CallId(reference_id))
        lines = [
            f"{each.type} {json.dumps(each.data.get('option', each.data), ensure_ascii=False)}"
            for each in happened
            if each.kind in ("program", "key", "answer")
        ]
    elif kind == "conversation" and reference_id is not None:
        messages = await list_conversation_messages(
            database, account_id, ConversationId(reference_id), before=None, limit=100
        )
        lines = [f"{each.message.direction}: {each.message.text}" for each in reversed(messages)]
    else:
        raise Invalid(f"nothing is kept that could be summarized of a {kind or 'run without a reference'}")
    return "\n".join(lines)[:MAX_MATERIAL]


async def _words(database: Database, account_id: AccountId, kind: str, reference_id: UUID) -> str:
    """What was written down of a recording, a conference, or by one transcription. Raises NotFound, Invalid."""
    if kind == "transcribe":
        found = [await get_transcription(database, account_id, TranscriptionId(reference_id))]
    else:
        wanted = TranscriptionQuery(_TRANSCRIBED[kind], reference_id)
        found = list(await list_transcriptions(database, account_id, wanted, before=None, limit=MOST_TRANSCRIPTIONS))
    async with database.reading() as tx:
        words = [await tx.transcriptions.message_of(each.id) for each in reversed(found)]
    text = "\n".join(word for word in words if word)
    if not text:
        raise Invalid(f"nothing of this {kind} is written down: transcribe it first", field="reference_id")
    return text[:MAX_MATERIAL]
