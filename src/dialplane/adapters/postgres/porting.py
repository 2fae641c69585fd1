"""Ports in Postgres."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.targets import read_targets, write_targets
from dialplane.domain.errors import AlreadyExists
from dialplane.domain.ids import AccountId, DocumentId, NumberId, PortId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.documents import DocumentStatus
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.numbering.port_exceptions import PortException, PortFault
from dialplane.domain.numbering.porting import MONTHLY, Holder, Port, PortDocument, PortNumber, PortStatus, PortStep

_SQL = queries("porting")


class PostgresPortStore:
    """Fulfils `services.numbering.porting.PortStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, port: Port) -> None:
        await self._connection.execute(_SQL["add"], *_values(port))

    async def save(self, port: Port) -> None:
        await self._connection.execute(_SQL["save"], *_values(port))

    async def find(self, account_id: AccountId | None, port_id: PortId, *, lock: bool = False) -> Port | None:
        if lock:
            await self._connection.execute(_SQL["lock"], port_id, account_id)
        row = await self._connection.fetchrow(_SQL["find"], port_id, account_id)
        return None if row is None else _read(row)

    async def list_for(
        self, account_id: AccountId | None, *, status: PortStatus | None, before: datetime | None, limit: int
    ) -> list[Port]:
        return [_read(row) for row in await self._connection.fetch(_SQL["list_for"], account_id, status, before, limit)]

    async def count_open(self, account_id: AccountId) -> int:
        return int(await self._connection.fetchval(_SQL["count_open"], account_id))

    async def uses(self, document_id: DocumentId) -> bool:
        return bool(await self._connection.fetchval(_SQL["uses"], document_id))

    async def waiting_on(self, document_id: DocumentId) -> list[Port]:
        rows = await self._connection.fetch(_SQL["waiting_on"], document_id)
        found = [await self.find(None, PortId(row["id"])) for row in rows]
        return [port for port in found if port is not None]

    async def due(self, now: datetime) -> Port | None:
        return await self._locked(await self._connection.fetchval(_SQL["due"], now))

    async def to_play(self) -> Port | None:
        return await self._locked(await self._connection.fetchval(_SQL["to_play"]))

    async def _locked(self, port_id: UUID | None) -> Port | None:
        return None if port_id is None else await self.find(None, PortId(port_id))

    async def claimed(self, numbers: Sequence[str], *, by_others_than: PortId | None = None) -> set[str]:
        return {row["number"] for row in await self._connection.fetch(_SQL["claimed"], numbers, by_others_than)}

    async def claim(self, port_id: PortId, numbers: Sequence[str]) -> None:
        await self.give_up(port_id)
        try:
            await self._connection.execute(_SQL["claim"], sorted(numbers), port_id)
        except asyncpg.UniqueViolationError as fault:
            raise AlreadyExists(
                "An order for one of the numbers is under way", reason="ALREADY_EXISTS", field="numbers"
            ) from fault

    async def give_up(self, port_id: PortId) -> None:
        await self._connection.execute(_SQL["give_up"], port_id)


def _values(port: Port) -> tuple[object, ...]:
    return (
        port.id, port.account_id, port.name, port.status, [_write_number(each) for each in port.numbers],
        asdict(port.holder), port.document_ids, None if port.exception is None else asdict(port.exception),
        [asdict(step) for step in port.steps], port.requested_at, port.foc_at, port.play_at, port.created_at,
        port.updated_at, port.submitted_at, port.ended_at,
    )  # fmt: skip


def _write_number(each: PortNumber) -> dict[str, object]:
    voice, message, refer = write_targets(each.targets)
    return {
        "number": each.number,
        "kind": each.kind,
        "country": each.country,
        "monthly_micros": each.monthly_micros,
        "voice": voice,
        "message": message,
        "refer": refer,
        "name": each.name,
        "number_id": each.number_id,
    }


def _read_number(kept: Mapping[str, object]) -> PortNumber:
    number_id, kind = kept["number_id"], NumberKind(str(kept["kind"]))
    micros = kept.get("monthly_micros")  # orders of the version before had the one price of their kind
    return PortNumber(
        number=str(kept["number"]),
        kind=kind,
        country=str(kept["country"]),
        monthly_micros=Micros(micros) if isinstance(micros, int) else MONTHLY[kind],
        targets=read_targets(kept["voice"], kept["message"], kept["refer"]),
        name=str(kept["name"]),
        number_id=None if number_id is None else NumberId(UUID(str(number_id))),
    )


def _read_exception(kept: Mapping[str, str] | None) -> PortException | None:
    return None if kept is None else PortException(PortFault(kept["fault"]), kept["reason"])


def _read_document(kept: Mapping[str, str | None]) -> PortDocument:
    expires_on = kept["expires_on"]
    return PortDocument(
        id=DocumentId(UUID(kept["id"])),
        kind=kept["kind"] or "",
        status=DocumentStatus(kept["status"] or ""),
        reason=kept["reason"] or "",
        expires_on=None if expires_on is None else date.fromisoformat(expires_on),
    )


def _read(row: asyncpg.Record) -> Port:
    return Port(
        id=PortId(row["id"]),
        account_id=AccountId(row["account_id"]),
        status=PortStatus(row["status"]),
        numbers=tuple(_read_number(each) for each in row["numbers"]),
        holder=Holder(**row["holder"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        name=row["name"],
        document_ids=tuple(DocumentId(each) for each in row["document_ids"]),
        documents=tuple(_read_document(each) for each in row["documents"]),
        requested_at=row["requested_at"],
        foc_at=row["foc_at"],
        exception=_read_exception(row["exception"]),
        steps=tuple(
            PortStep(PortStatus(each["status"]), datetime.fromisoformat(each["at"]), each["reason"])
            for each in row["steps"]
        ),
        play_at=row["play_at"],
        submitted_at=row["submitted_at"],
        ended_at=row["ended_at"],
    )
