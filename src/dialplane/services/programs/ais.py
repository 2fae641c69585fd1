"""Assistants and teams as resources, and who of them answers in a conversation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, new_id
from dialplane.domain.programs.ais import Ai, Speaker, Team, check_ai, check_team
from dialplane.domain.programs.commands import Converse
from dialplane.domain.programs.summaries import AiPrompt
from dialplane.services.calling.direct_hashes import new_direct_hash
from dialplane.services.eventing.events import publish
from dialplane.services.programs.rags import check_rag
from dialplane.services.shapes.ais import ai_shape, team_shape
from dialplane.services.transaction import Database, Transaction

MOST_PROMPTS = 100
"""Of one assistant, that are shown: the list has no pages (reference 1.6)."""


class AiStore(Protocol):
    """Port. `save` inserts, or writes over the row of the same id."""

    async def save_ai(self, ai: Ai) -> None: ...

    async def find_ai(self, account_id: AccountId, ai_id: UUID) -> Ai | None: ...

    async def list_ais(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Ai]: ...

    async def add_prompt(self, prompt: AiPrompt) -> None: ...

    async def list_prompts(self, ai_id: UUID, *, limit: int) -> Sequence[AiPrompt]:
        """Newest first."""
        ...

    async def find_ai_by_direct_hash(self, direct_hash: str) -> Ai | None:
        """Of any account."""
        ...

    async def find_team_by_direct_hash(self, direct_hash: str) -> Team | None:
        """Of any account."""
        ...

    async def save_team(self, team: Team) -> None: ...

    async def find_team(self, account_id: AccountId, team_id: UUID) -> Team | None: ...

    async def list_teams(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Team]: ...


# --- assistants ----------------------------------------------------------------------------------------------------


async def create_ai(database: Database, ai: Ai) -> Ai:
    """Raises Invalid, NotFound (RAG_NOT_FOUND)."""
    ai = replace(check_ai(ai), direct_hash=new_direct_hash())
    async with database.transaction() as tx:
        await check_rag(tx, ai.account_id, ai.rag_id)
        await tx.ais.save_ai(ai)
        await _note_prompt(tx, ai, ai.created_at)
        await _tell_ai(tx, "ai_created", ai, ai.created_at)
    return ai


async def list_ais(database: Database, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Ai]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.ais.list_ais(account_id, before=before, limit=limit)


async def get_ai(database: Database, account_id: AccountId, ai_id: UUID) -> Ai:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return await load_ai(tx, account_id, ai_id)


async def update_ai(
    database: Database, account_id: AccountId, ai_id: UUID, fields: Mapping[str, Any], now: datetime
) -> Ai:
    """Change the given fields. Raises Invalid, NotFound (of the rag too)."""
    async with database.transaction() as tx:
        old = await load_ai(tx, account_id, ai_id)
        changed = check_ai(replace(old, **fields, updated_at=now))
        if changed.rag_id != old.rag_id:
            await check_rag(tx, account_id, changed.rag_id)
        await tx.ais.save_ai(changed)
        if changed.init_prompt != old.init_prompt:
            await _note_prompt(tx, changed, now)
        await _tell_ai(tx, "ai_updated", changed, now)
    return changed


async def delete_ai(database: Database, account_id: AccountId, ai_id: UUID, now: datetime) -> Ai:
    """A flow that names it ends with an error from now on. Raises NotFound."""
    async with database.transaction() as tx:
        deleted = replace(await load_ai(tx, account_id, ai_id), direct_hash="", updated_at=now, deleted_at=now)
        await tx.ais.save_ai(deleted)
        await _tell_ai(tx, "ai_deleted", deleted, now)
    return deleted


async def regenerate_ai_hash(database: Database, account_id: AccountId, ai_id: UUID, now: datetime) -> Ai:
    """Another direct hash; the old one is void at once. Raises NotFound."""
    async with database.transaction() as tx:
        changed = replace(await load_ai(tx, account_id, ai_id), direct_hash=new_direct_hash(), updated_at=now)
        await tx.ais.save_ai(changed)
        await _tell_ai(tx, "ai_updated", changed, now)
    return changed


async def list_prompts(database: Database, account_id: AccountId, ai_id: UUID) -> Sequence[AiPrompt]:
    """What it was told to be, newest first. Raises NotFound."""
    async with database.reading() as tx:
        await load_ai(tx, account_id, ai_id)
        return await tx.ais.list_prompts(ai_id, limit=MOST_PROMPTS)


async def _note_prompt(tx: Transaction, ai: Ai, now: datetime) -> None:
    await tx.ais.add_prompt(AiPrompt(new_id(now), ai.account_id, ai.id, ai.init_prompt, now))


async def load_ai(tx: Transaction, account_id: AccountId, ai_id: UUID) -> Ai:
    found = await tx.ais.find_ai(account_id, ai_id)
    if found is None:
        raise NotFound("There is no such assistant", reason="AI_NOT_FOUND")
    return found


# --- teams ---------------------------------------------------------------------------------------------------------


async def save_team(database: Database, team: Team, *, event: str, now: datetime) -> Team:
    """Make or change one. Raises Invalid naming the field."""
    team = replace(team, direct_hash=team.direct_hash or new_direct_hash())
    async with database.transaction() as tx:
        for index, member in enumerate(check_team(team).members):
            if await tx.ais.find_ai(team.account_id, member.ai_id) is None:
                field = f"members[{index}].ai_id"
                raise Invalid(f"{field}: there is no such assistant", reason="AI_NOT_FOUND", field=field)
        await tx.ais.save_team(team)
        await _tell_team(tx, event, team, now)
    return team


async def list_teams(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Team]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.ais.list_teams(account_id, before=before, limit=limit)


async def get_team(database: Database, account_id: AccountId, team_id: UUID) -> Team:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return await load_team(tx, account_id, team_id)


async def delete_team(database: Database, account_id: AccountId, team_id: UUID, now: datetime) -> Team:
    """Raises NotFound."""
    async with database.transaction() as tx:
        old = await load_team(tx, account_id, team_id)
        deleted = replace(old, direct_hash="", updated_at=now, deleted_at=now)
        await tx.ais.save_team(deleted)
        await _tell_team(tx, "team_deleted", deleted, now)
    return deleted


async def regenerate_team_hash(database: Database, account_id: AccountId, team_id: UUID, now: datetime) -> Team:
    """Another direct hash; the old one is void at once. Raises NotFound."""
    async with database.transaction() as tx:
        changed = replace(await load_team(tx, account_id, team_id), direct_hash=new_direct_hash(), updated_at=now)
        await tx.ais.save_team(changed)
        await _tell_team(tx, "team_updated", changed, now)
    return changed


async def load_team(tx: Transaction, account_id: AccountId, team_id: UUID) -> Team:
    found = await tx.ais.find_team(account_id, team_id)
    if found is None:
        raise NotFound("There is no such team", reason="TEAM_NOT_FOUND")
    return found


# --- in conversations ----------------------------------------------------------------------------------------------


async def find_speaker(
    database: Database, account_id: AccountId, command: Converse, member_id: UUID | None
) -> Speaker | None:
    """Whom a flow named; None where it named nobody, and the installation's own answers. Raises NotFound."""
    if command.assistance_id is None:
        return None
    async with database.reading() as tx:
        if command.assistance_type != "team":
            return Speaker(await load_ai(tx, account_id, command.assistance_id))
        member = (await load_team(tx, account_id, command.assistance_id)).member(member_id)
        return Speaker(await load_ai(tx, account_id, member.ai_id), member.id, member.transitions)


async def _tell_ai(tx: Transaction, kind: str, ai: Ai, now: datetime) -> None:
    await publish(tx, Event(ai.account_id, kind, ai.id, ai_shape(ai), now))


async def _tell_team(tx: Transaction, kind: str, team: Team, now: datetime) -> None:
    await publish(tx, Event(team.account_id, kind, team.id, team_shape(team), now))
