"""Accounts at carriers, exchanges with them, and how numbers stand there, in Postgres."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.errors import AlreadyExists
from dialplane.domain.ids import AccountId, PortId
from dialplane.domain.messaging.messages import TargetStatus
from dialplane.domain.supply.carrier_accounts import (
    CarrierAccount,
    CarrierKind,
    CarrierNumber,
    CarrierNumberState,
    CarrierStatus,
)
from dialplane.services.messaging.message_sending import Receipt
from dialplane.services.numbering.carrier_ports import CarrierPort
from dialplane.services.supply.carrier_accounts import Exchange, HandedOver

_SQL = queries("carriers")


class PostgresCarrierStore:
    """Fulfils `services.supply.carrier_accounts.CarrierStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def save_account(self, account: CarrierAccount) -> None:
        try:
            await self._connection.execute(
                _SQL["save_account"],
                account.id,
                account.name,
                account.kind,
                account.account_sid,
                self._seal.close(account.api_key),
                self._seal.close(account.signing_key),
                account.api_url,
                account.public_url,
                account.voice,
                account.messaging,
                account.setup_micros,
                account.monthly_micros,
                dict(account.requirements),
                account.status,
                account.created_at,
                account.updated_at,
            )
        except asyncpg.UniqueViolationError as fault:
            raise AlreadyExists(
                f"There is a carrier account {account.name} already", reason="ALREADY_EXISTS", field="name"
            ) from fault

    async def list_accounts(self) -> list[CarrierAccount]:
        return [self._account(row) for row in await self._connection.fetch(_SQL["list_accounts"])]

    async def find_account(self, name: str) -> CarrierAccount | None:
        row = await self._connection.fetchrow(_SQL["find_account"], name)
        return None if row is None else self._account(row)

    async def get_account(self, account_id: UUID, *, lock: bool = False) -> CarrierAccount | None:
        row = await self._connection.fetchrow(_SQL["lock_account" if lock else "get_account"], account_id)
        return None if row is None else self._account(row)

    async def delete_account(self, account_id: UUID) -> None:
        await self._connection.execute(_SQL["delete_account"], account_id)

    async def count_numbers(self, name: str) -> int:
        return int(await self._connection.fetchval(_SQL["count_numbers"], name))

    async def withdraw_offers(self, name: str, *, older_than: datetime | None = None) -> None:
        await self._connection.execute(_SQL["withdraw_offers"], name, older_than)

    async def add_exchange(self, exchange: Exchange) -> None:
        await self._connection.execute(
            _SQL["add_exchange"],
            exchange.id,
            exchange.carrier,
            exchange.direction,
            exchange.method,
            exchange.path,
            exchange.request,
            exchange.status,
            exchange.answer,
            exchange.fault,
            exchange.about,
            exchange.duration_ms,
            exchange.created_at,
        )

    async def list_exchanges(self, *, carrier: str, about: str, before: datetime | None, limit: int) -> list[Exchange]:
        rows = await self._connection.fetch(_SQL["list_exchanges"], carrier, about, before, limit)
        return [Exchange(**row) for row in rows]

    async def last_webhook(self, carrier: str) -> Exchange | None:
        row = await self._connection.fetchrow(_SQL["last_webhook"], carrier)
        return None if row is None else Exchange(**row)

    async def forget(self, *, exchanges_before: datetime, messages_before: datetime) -> None:
        await self._connection.execute(_SQL["forget_exchanges"], exchanges_before)
        await self._connection.execute(_SQL["forget_messages"], messages_before)

    async def save_number(self, number: CarrierNumber) -> None:
        await self._connection.execute(
            _SQL["save_number"],
            number.carrier,
            number.number,
            number.state,
            dict(number.wanted),
            dict(number.found),
            None if number.saved is None else dict(number.saved),
            number.fault,
            number.looked_at,
            number.written_at,
        )

    async def find_number(self, carrier: str, number: str, *, lock: bool = False) -> CarrierNumber | None:
        row = await self._connection.fetchrow(_SQL["lock_number" if lock else "find_number"], carrier, number)
        return None if row is None else _number(row)

    async def list_numbers(
        self, *, carrier: str, state: CarrierNumberState | None, account_id: AccountId | None, after: str, limit: int
    ) -> list[CarrierNumber]:
        rows = await self._connection.fetch(_SQL["list_numbers"], carrier, state, after, account_id, limit)
        return [_number(row) for row in rows]

    async def due_numbers(self, carrier: str, *, looked_before: datetime, limit: int) -> list[str]:
        rows = await self._connection.fetch(_SQL["due_numbers"], carrier, looked_before, limit)
        return [row["number"] for row in rows]

    async def drop_number(self, carrier: str, number: str) -> None:
        await self._connection.execute(_SQL["drop_number"], carrier, number)

    async def live_numbers(self, numbers: Sequence[str]) -> Mapping[str, str]:
        rows = await self._connection.fetch(_SQL["live_numbers"], list(numbers))
        return {row["number"]: row["carrier"] for row in rows}

    async def strays(self, carrier: str) -> list[str]:
        return [row["number"] for row in await self._connection.fetch(_SQL["strays"], carrier)]

    async def hand_over(self, reference: UUID, carrier: str, now: datetime) -> HandedOver | None:
        if await self._connection.fetchval(_SQL["hand_over"], reference, carrier, now):
            return None
        row = await self._connection.fetchrow(_SQL["find_message"], reference)
        return None if row is None else HandedOver(row["carrier"], row["carrier_id"], row["reason"])

    async def note_message(self, reference: UUID, *, carrier_id: str = "", reason: str = "") -> None:
        await self._connection.execute(_SQL["note_message"], reference, carrier_id, reason)

    async def forget_message(self, reference: UUID) -> None:
        await self._connection.execute(_SQL["forget_message"], reference)

    async def note_receipt(self, reference: UUID | None, receipt: Receipt) -> None:
        await self._connection.execute(
            _SQL["note_receipt"], reference, receipt.carrier_id, receipt.status, receipt.reason, receipt.error_code
        )

    async def take_receipts(self, *, limit: int) -> list[Receipt]:
        rows = await self._connection.fetch(_SQL["take_receipts"], limit)
        return [
            Receipt(row["carrier_id"], TargetStatus(row["receipt"]), row["receipt_reason"], row["receipt_error_code"])
            for row in rows
        ]

    async def save_port(self, port: CarrierPort) -> None:
        await self._connection.execute(
            _SQL["save_port"], port.port_id, port.carrier, port.handed_at, port.look_at, port.fault, port.created_at
        )

    async def find_port(self, port_id: PortId) -> CarrierPort | None:
        row = await self._connection.fetchrow(_SQL["find_port"], port_id)
        return None if row is None else CarrierPort(**row)

    async def take_ports(self, now: datetime, *, until: datetime, limit: int) -> list[CarrierPort]:
        return [CarrierPort(**row) for row in await self._connection.fetch(_SQL["take_ports"], now, until, limit)]

    async def hasten_port(self, carrier: str, port_id: PortId, now: datetime) -> None:
        await self._connection.execute(_SQL["hasten_port"], port_id, carrier, now)

    async def hasten_order(self, carrier: str, reference: UUID, now: datetime) -> None:
        await self._connection.execute(_SQL["hasten_order"], reference, carrier, now)

    def _account(self, row: asyncpg.Record) -> CarrierAccount:
        return CarrierAccount(
            id=row["id"],
            name=row["name"],
            kind=CarrierKind(row["kind"]),
            account_sid=row["account_sid"],
            api_key=self._seal.open(row["api_key"]),
            signing_key=self._seal.open(row["signing_key"]),
            api_url=row["api_url"],
            public_url=row["public_url"],
            voice=row["voice"],
            messaging=row["messaging"],
            setup_micros=row["setup_micros"],
            monthly_micros=row["monthly_micros"],
            requirements=row["requirements"],
            status=CarrierStatus(row["status"]),
            created_at=row["created_at"],
            updated_at=row["updated_at"],
        )


def _number(row: asyncpg.Record) -> CarrierNumber:
    return CarrierNumber(
        carrier=row["carrier"],
        number=row["number"],
        state=CarrierNumberState(row["state"]),
        looked_at=row["looked_at"],
        wanted=row["wanted"],
        found=row["found"],
        saved=row["saved"],
        fault=row["fault"],
        written_at=row["written_at"],
    )
