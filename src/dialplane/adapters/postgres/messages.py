"""Messages, conversations, the queues of what workers do about them, and the simulated carrier, in Postgres."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.link import WORKER_LOCK
from dialplane.adapters.postgres.message_search import count_sql, page_sql
from dialplane.domain.addresses import Address
from dialplane.domain.ids import AccountId, AgentId, ConversationId, FlowId, MessageId, NumberId, RunId
from dialplane.domain.messaging.feedback import Feedback
from dialplane.domain.messaging.message_queries import MessageQuery
from dialplane.domain.messaging.messages import (
    Conversation,
    ConversationMessage,
    Direction,
    Message,
    MessageExtras,
    Target,
    TargetStatus,
)
from dialplane.services.messaging.message_store import (
    MessageDocument,
    NewMessage,
    QueuedTarget,
    RunRequest,
    SandboxMessage,
)

_SQL = queries("messages")


def _target(value: Mapping[str, object]) -> Target:
    destination = msgspec.convert(value["destination"], Address)
    return Target(
        destination,
        TargetStatus(str(value["status"])),
        int(str(value["parts"])),
        datetime.fromisoformat(str(value["updated_at"])),
        str(value["reason"]),
        int(str(value["error_code"])),
        datetime.fromisoformat(str(value["sent_at"])) if value["sent_at"] else None,
    )


def _message(row: asyncpg.Record) -> Message:
    return Message(
        id=MessageId(row["id"]),
        account_id=AccountId(row["account_id"]),
        direction=Direction(row["direction"]),
        source=Address(**row["source"]),
        targets=tuple(_target(value) for value in row["targets"]),
        text=row["text"],
        created_at=row["created_at"],
        medias=tuple(row["medias"]),
        number_id=NumberId(row["number_id"]) if row["number_id"] else None,
        run_id=RunId(row["run_id"]) if row["run_id"] else None,
        key=row["key"],
        raw_source=row["raw_source"],
        raw_destination=row["raw_destination"],
        extras=None if row["extras"] is None else msgspec.convert(row["extras"], MessageExtras, strict=False),
        updated_at=row["updated_at"],
        deleted_at=row["deleted_at"],
    )


def _target_rows(new: NewMessage) -> list[dict[str, object]]:
    return [
        {
            "message_id": new.message.id,
            "position": position,
            "conversation_id": conversation_id,
            "destination": target.destination,
            "status": target.status,
            "parts": target.parts,
            "due_at": due_at,
            "reason": target.reason,
            "error_code": target.error_code,
            "created_at": new.message.created_at,
        }
        for position, (target, conversation_id, due_at) in enumerate(
            zip(new.message.targets, new.conversations, new.due_at, strict=True)
        )
    ]


def _run_request(row: asyncpg.Record) -> RunRequest:
    document = row["document"]
    return RunRequest(
        RunId(row["run_id"]),
        AccountId(row["account_id"]),
        None if row["flow_id"] is None else FlowId(row["flow_id"]),
        row["own_target"],
        None if document is None else msgspec.convert(document, MessageDocument, strict=False),
    )


def _conversation(row: asyncpg.Record) -> Conversation:
    return Conversation(
        id=ConversationId(row["id"]),
        account_id=AccountId(row["account_id"]),
        own=Address(**row["own"]),
        peer=Address(**row["peer"]),
        created_at=row["created_at"],
        name=row["name"],
        detail=row["detail"],
        owner_id=AgentId(row["owner_id"]) if row["owner_id"] else None,
        updated_at=row["updated_at"],
        deleted_at=row["deleted_at"],
    )


def _sandbox_message(row: asyncpg.Record) -> SandboxMessage:
    fields = dict(row)
    fields["medias"] = tuple(fields["medias"])
    fields["receipt"] = TargetStatus(fields["receipt"])
    return SandboxMessage(**fields)


def _row(message: Message) -> dict[str, object]:
    """What each message has, whichever way it goes."""
    return {
        "id": message.id,
        "account_id": message.account_id,
        "source": message.source,
        "text": message.text,
        "medias": message.medias,
        "number_id": message.number_id,
        "key": message.key,
        "created_at": message.created_at,
        "extras": message.extras,
    }


class PostgresMessageStore:
    """Fulfils `services.messaging.messages.MessageStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add_many(self, messages: Sequence[NewMessage]) -> set[MessageId]:
        rows = [_row(new.message) | {"run_id": new.message.run_id} for new in messages]
        targets = [row for new in messages for row in _target_rows(new)]
        found = await self._connection.fetch(_SQL["add_many"], rows, targets)
        return {MessageId(row["id"]) for row in found}

    async def find(self, account_id: AccountId, message_id: MessageId, *, lock: bool = False) -> Message | None:
        if lock and await self._connection.fetchval(_SQL["lock"], account_id, message_id) is None:
            return None
        row = await self._connection.fetchrow(_SQL["read"], account_id, message_id, None, 1)
        return None if row is None else _message(row)

    async def add_received(self, messages: Sequence[tuple[Message, ConversationId]]) -> int:
        rows = [
            _row(message)
            | {
                "raw_source": message.raw_source,
                "raw_destination": message.raw_destination,
                "conversation_id": conversation_id,
                "destination": message.targets[0].destination,
                "parts": message.targets[0].parts,
            }
            for message, conversation_id in messages
        ]
        added: int = await self._connection.fetchval(_SQL["add_received"], rows)
        return added

    async def find_by_keys(self, keys: Sequence[str]) -> list[Message]:
        rows = await self._connection.fetch(_SQL["find_by_keys"], keys)
        return list((await self._read_many([row["id"] for row in rows])).values())

    async def find_by_key(self, key: str) -> Message | None:
        row = await self._connection.fetchrow(_SQL["find_by_key"], key)
        return None if row is None else (await self._read_many([row["id"]])).get(row["id"])

    async def find_many(self, message_ids: Sequence[MessageId], *, lock: bool = False) -> dict[MessageId, Message]:
        wanted = message_ids
        if lock:
            wanted = [row["id"] for row in await self._connection.fetch(_SQL["lock_many"], message_ids)]
        return {MessageId(each): message for each, message in (await self._read_many(wanted)).items()}

    async def find_by_carrier_ids(self, carrier_ids: Sequence[str]) -> dict[str, tuple[MessageId, int]]:
        rows = await self._connection.fetch(_SQL["find_by_carrier_ids"], carrier_ids)
        return {row["carrier_id"]: (MessageId(row["message_id"]), row["position"]) for row in rows}

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Message]:
        rows = await self._connection.fetch(_SQL["read"], account_id, None, before, limit)
        return [_message(row) for row in rows]

    async def search(self, query: MessageQuery) -> tuple[list[Message], int]:
        sql, arguments = page_sql(query)
        ids = [row["id"] for row in await self._connection.fetch(sql, *arguments)]
        sql, arguments = count_sql(query)
        total = int(await self._connection.fetchval(sql, *arguments))
        messages = await self._read_many(ids)
        return [messages[each] for each in ids], total

    async def delete(self, message_id: MessageId, now: datetime) -> None:
        await self._connection.execute(_SQL["delete"], message_id, now)

    async def redact(self, message_id: MessageId, now: datetime) -> None:
        await self._connection.execute(_SQL["redact"], message_id, now)

    async def find_feedback(self, message_id: MessageId) -> Feedback | None:
        value = await self._connection.fetchval(_SQL["find_feedback"], message_id)
        return None if value is None else msgspec.convert(value, Feedback, strict=False)

    async def save_feedback(self, message_id: MessageId, feedback: Feedback) -> None:
        await self._connection.execute(_SQL["save_feedback"], message_id, feedback)

    async def open_conversations(self, drafts: Sequence[Conversation]) -> list[Conversation]:
        rows = [
            {
                "id": draft.id,
                "account_id": draft.account_id,
                "own": draft.own,
                "peer": draft.peer,
                "created_at": draft.created_at,
            }
            for draft in drafts
        ]
        made = {row["id"] for row in await self._connection.fetch(_SQL["open_conversations"], rows)}
        there = [draft for draft in drafts if draft.id not in made]
        if not there:
            return list(drafts)
        found = await self._connection.fetch(
            _SQL["find_pairs"],
            [draft.account_id for draft in there],
            [draft.own.target for draft in there],
            [draft.peer.target for draft in there],
        )
        # A conflict was with these very rows, and conversations are not deleted.
        known = {(row["account_id"], row["own_target"], row["peer_target"]): _conversation(row) for row in found}
        return [
            draft if draft.id in made else known[draft.account_id, draft.own.target, draft.peer.target]
            for draft in drafts
        ]

    async def find_conversation(
        self, account_id: AccountId, conversation_id: ConversationId, *, lock: bool = False
    ) -> Conversation | None:
        query = _SQL["lock_conversation" if lock else "find_conversation"]
        row = await self._connection.fetchrow(query, account_id, conversation_id)
        return None if row is None else _conversation(row)

    async def conversations_of_many(self, message_ids: Collection[MessageId]) -> dict[MessageId, list[Conversation]]:
        found: dict[MessageId, list[Conversation]] = {}
        for row in await self._connection.fetch(_SQL["conversations_of_many"], list(message_ids)):
            found.setdefault(MessageId(row["message_id"]), []).append(_conversation(row))
        return found

    async def conversations_of(self, message_id: MessageId) -> list[Conversation]:
        return [_conversation(row) for row in await self._connection.fetch(_SQL["conversations_of"], message_id)]

    async def list_conversations(
        self, account_id: AccountId, *, owner_id: AgentId | None, before: datetime | None, limit: int
    ) -> list[Conversation]:
        rows = await self._connection.fetch(_SQL["list_conversations"], account_id, before, limit, owner_id)
        return [_conversation(row) for row in rows]

    async def save_conversation(self, conversation: Conversation) -> None:
        await self._connection.execute(
            _SQL["save_conversation"],
            conversation.id,
            conversation.name,
            conversation.detail,
            conversation.updated_at,
            conversation.owner_id,
        )

    async def list_conversation_messages(
        self, conversation: Conversation, *, before: datetime | None, limit: int
    ) -> list[ConversationMessage]:
        rows = await self._connection.fetch(_SQL["list_conversation_messages"], conversation.id, before, limit)
        messages = await self._read_many([row["message_id"] for row in rows])
        return [
            ConversationMessage(conversation, messages[row["message_id"]], TargetStatus(row["status"])) for row in rows
        ]

    async def last_in(self, conversations: Sequence[Conversation]) -> list[ConversationMessage]:
        by_id = {each.id: each for each in conversations}
        rows = await self._connection.fetch(_SQL["last_in"], list(by_id))
        messages = await self._read_many([row["message_id"] for row in rows])
        return [
            ConversationMessage(by_id[row["conversation_id"]], messages[row["message_id"]], TargetStatus(row["status"]))
            for row in rows
        ]

    async def count_from_runs(self, conversation_id: ConversationId, *, since: datetime) -> int:
        count: int = await self._connection.fetchval(_SQL["count_from_runs"], conversation_id, since)
        return count

    async def claim_targets(self, worker: int, *, now: datetime, until: datetime, limit: int) -> list[QueuedTarget]:
        rows = await self._connection.fetch(_SQL["claim_targets"], now, worker, until, limit)
        return [
            QueuedTarget(
                message_id=MessageId(row["message_id"]),
                account_id=AccountId(row["account_id"]),
                position=row["position"],
                source=Address(**row["source"]),
                destination=Address(**row["destination"]),
                text=row["text"],
                medias=tuple(row["medias"]),
                parts=row["parts"],
                attempts=row["attempts"],
                worker=row["worker"],
                opted_out=row["opted_out"],
                extras=None if row["extras"] is None else msgspec.convert(row["extras"], MessageExtras, strict=False),
            )
            for row in rows
        ]

    async def set_targets(self, targets: Sequence[tuple[MessageId, int, Target, str | None]]) -> None:
        rows = {
            (message_id, position): {
                "message_id": message_id,
                "position": position,
                "status": target.status,
                "reason": target.reason,
                "updated_at": target.updated_at,
                "carrier_id": carrier_id,
                "error_code": target.error_code,
                "sent_at": target.sent_at,
            }
            for message_id, position, target, carrier_id in targets
        }
        await self._connection.execute(_SQL["set_targets"], list(rows.values()))

    async def cancel_waiting(self, message_id: MessageId, now: datetime) -> list[int]:
        rows = await self._connection.fetch(_SQL["cancel_waiting"], message_id, now)
        return [row["position"] for row in rows]

    async def postpone_target(self, queued: QueuedTarget, *, due_at: datetime) -> None:
        await self._connection.execute(
            _SQL["postpone_target"], queued.message_id, queued.position, due_at, queued.worker
        )

    async def add_run_requests(self, requests: Sequence[tuple[RunRequest, datetime]]) -> None:
        rows = [
            {
                "run_id": request.run_id,
                "account_id": request.account_id,
                "flow_id": request.flow_id,
                "own_target": request.own,
                "due_at": due_at,
                "document": request.document,
            }
            for request, due_at in requests
        ]
        await self._connection.execute(_SQL["add_run_requests"], rows)

    async def leave_target(self, queued: QueuedTarget, *, due_at: datetime) -> None:
        await self._connection.execute(_SQL["leave_target"], queued.message_id, queued.position, due_at, queued.worker)

    async def claim_runs(self, worker: int, *, now: datetime, until: datetime, limit: int) -> list[RunRequest]:
        rows = await self._connection.fetch(_SQL["claim_runs"], now, worker, until, limit)
        return [_run_request(row) for row in rows]

    async def finish_run(self, run_id: RunId) -> None:
        await self._connection.execute(_SQL["finish_run"], run_id)

    async def bring_nearer(self, by: timedelta) -> None:
        await self._connection.execute(_SQL["bring_nearer"], by)

    async def free_target_leases(self) -> None:
        await self._connection.execute(_SQL["free_target_leases"], WORKER_LOCK)

    async def free_run_leases(self, worker: int, *, driving: Sequence[RunId]) -> None:
        await self._connection.execute(_SQL["free_run_leases"], WORKER_LOCK, worker, list(driving))

    async def add_to_sandbox(self, sent: Sequence[SandboxMessage]) -> None:
        await self._connection.execute(_SQL["add_to_sandbox"], sent)

    async def list_sandbox(self, destination: str, *, limit: int) -> list[SandboxMessage]:
        rows = await self._connection.fetch(_SQL["list_sandbox"], destination, limit)
        return [_sandbox_message(row) for row in rows]

    async def take_sandbox_receipts(self, *, now: datetime, limit: int) -> list[SandboxMessage]:
        rows = await self._connection.fetch(_SQL["take_sandbox_receipts"], now, limit)
        return [_sandbox_message(row) for row in rows]

    async def _read_many(self, message_ids: Sequence[UUID]) -> dict[UUID, Message]:
        if not message_ids:
            return {}
        rows = await self._connection.fetch(_SQL["read_many"], message_ids)
        return {row["id"]: _message(row) for row in rows}
