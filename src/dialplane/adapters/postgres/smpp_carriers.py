"""Carriers that are bound to by SMPP, and what is under way with them, in Postgres."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.link import SMPP_LOCK
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.errors import AlreadyExists
from dialplane.domain.messaging.smpp_accounts import LongMessages
from dialplane.domain.messaging.smpp_carriers import Binds, BindStanding, BindState, CarrierAlphabet, SmppCarrier
from dialplane.domain.supply.carrier_accounts import CarrierStatus
from dialplane.services.messaging.smpp_carriers import (
    Queued,
    Segment,
    SegmentBody,
    SmppSubmission,
    SubmissionStanding,
)

_SQL = queries("smpp_carriers")


class PostgresSmppCarrierStore:
    """Fulfils `services.messaging.smpp_carriers.SmppCarrierStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def save(self, carrier: SmppCarrier) -> None:
        try:
            await self._connection.execute(
                _SQL["save"],
                carrier.id,
                carrier.name,
                carrier.host,
                carrier.port,
                carrier.system_id,
                self._seal.close(carrier.password),
                carrier.system_type,
                carrier.address_range,
                carrier.binds.value,
                carrier.rate,
                carrier.window,
                carrier.enquire_s,
                carrier.long_messages.value,
                carrier.alphabet.value,
                list(carrier.carries),
                carrier.status.value,
                carrier.created_at,
                carrier.updated_at,
                carrier.tls,
                carrier.national_tables,
            )
        except asyncpg.UniqueViolationError as fault:
            raise AlreadyExists(f"There is an SMPP carrier {carrier.name} already", field="name") from fault

    async def list_all(self) -> list[SmppCarrier]:
        return [self._carrier(row) for row in await self._connection.fetch(_SQL["list_all"])]

    async def find(self, carrier_id: UUID, *, lock: bool = False) -> SmppCarrier | None:
        row = await self._connection.fetchrow(_SQL["lock" if lock else "find"], carrier_id)
        return None if row is None else self._carrier(row)

    async def find_for(self, number_carrier: str) -> SmppCarrier | None:
        row = await self._connection.fetchrow(_SQL["find_for"], number_carrier)
        return None if row is None else self._carrier(row)

    async def takes_national_tables(self, number: str) -> bool:
        return await self._connection.fetchval(_SQL["takes_national_tables"], number) is True

    async def delete(self, carrier_id: UUID) -> None:
        await self._connection.execute(_SQL["delete"], carrier_id)

    async def count_open(self, carrier_id: UUID) -> int:
        found: int = await self._connection.fetchval(_SQL["count_open"], carrier_id)
        return found

    async def standings(self) -> dict[UUID, BindStanding]:
        rows = await self._connection.fetch(_SQL["standings"], SMPP_LOCK)
        return {row["carrier_id"]: BindStanding(BindState(row["state"]), row["since"], row["fault"]) for row in rows}

    async def take_lease(self, carrier_id: UUID, node: int, now: datetime) -> bool:
        return await self._connection.fetchval(_SQL["take_lease"], carrier_id, node, now, SMPP_LOCK) is not None

    async def note_standing(self, carrier_id: UUID, node: int, standing: BindStanding) -> None:
        await self._connection.execute(
            _SQL["note_standing"], carrier_id, node, standing.state.value, standing.fault, standing.since
        )

    async def add_submission(self, submission: SmppSubmission) -> bool:
        made = await self._connection.fetchval(
            _SQL["add_submission"],
            submission.reference,
            submission.carrier_id,
            submission.queued,
            submission.source,
            submission.destination,
            submission.expires_at,
            submission.created_at,
        )
        if made is None:
            return False
        await self._connection.execute(
            _SQL["add_segments"],
            submission.reference,
            submission.carrier_id,
            submission.destination,
            list(submission.segments),
            submission.created_at,
        )
        return True

    async def claim_segments(self, carrier_id: UUID, node: int, *, now: datetime, limit: int) -> list[Segment]:
        rows = await self._connection.fetch(_SQL["claim_segments"], carrier_id, node, now, limit)
        found = [Segment(**(dict(row) | {"body": msgspec.convert(row["body"], SegmentBody)})) for row in rows]
        return sorted(found, key=lambda each: (each.reference, each.number))

    async def return_segment(self, segment: Segment, node: int, *, due_at: datetime, was_sent: bool) -> None:
        await self._connection.execute(
            _SQL["return_segment"], segment.reference, segment.number, due_at, was_sent, node
        )

    async def return_foreign(self, carrier_id: UUID, node: int, now: datetime) -> None:
        await self._connection.execute(_SQL["return_foreign"], carrier_id, node, now)

    async def accept_segment(self, reference: UUID, number: int, message_key: str) -> None:
        await self._connection.execute(_SQL["accept_segment"], reference, number, message_key)

    async def fail_segment(self, reference: UUID, number: int) -> None:
        await self._connection.execute(_SQL["fail_segment"], reference, number)

    async def find_standing(self, reference: UUID) -> SubmissionStanding | None:
        if await self._connection.fetchval(_SQL["lock_submission"], reference) is None:
            return None
        row = await self._connection.fetchrow(_SQL["find_standing"], reference)
        if row is None:
            return None
        return SubmissionStanding(**(dict(row) | {"queued": msgspec.convert(row["queued"], Queued, strict=False)}))

    async def end_submission(self, reference: UUID, now: datetime) -> None:
        await self._connection.execute(_SQL["end_submission"], reference, now)

    async def note_receipt(
        self, carrier_id: UUID, message_keys: Sequence[str], destination: str, *, delivered: bool
    ) -> UUID | None:
        found: UUID | None = await self._connection.fetchval(
            _SQL["note_receipt"],
            carrier_id,
            list(message_keys),
            destination,
            "delivered" if delivered else "failed",
        )
        return found

    async def expired(self, now: datetime, *, limit: int) -> list[UUID]:
        return [row["reference"] for row in await self._connection.fetch(_SQL["expired"], now, limit)]

    async def forget(self, *, before: datetime) -> None:
        await self._connection.execute(_SQL["forget"], before)

    def _carrier(self, row: asyncpg.Record) -> SmppCarrier:
        return SmppCarrier(
            **(
                dict(row)
                | {
                    "password": self._seal.open(row["password"]),
                    "binds": Binds(row["binds"]),
                    "long_messages": LongMessages(row["long_messages"]),
                    "alphabet": CarrierAlphabet(row["alphabet"]),
                    "carries": tuple(row["carries"]),
                    "status": CarrierStatus(row["status"]),
                }
            )
        )
