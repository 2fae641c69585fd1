"""Numbers that come to Telnyx: handed in once with their papers, followed through every state, called off."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.ids import AccountId, PortId
from dialplane.domain.numbering.documents import content_key
from dialplane.domain.numbering.porting import Port, PortStatus
from dialplane.fakes.misbehaviour import How
from dialplane.fakes.telnyx import FakeTelnyx
from dialplane.services.numbering.carrier_ports import assign_port, follow_ports
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.numbering.port_progress import cut_over_ports
from dialplane.services.numbering.porting import cancel_port, get_port, submit_port
from tests.fakes.carriers import Wired
from tests.services.buying import NOW, buyer
from tests.services.porting import submitted_port

NUMBERS = ("+14155550123", "+14155550124")
LATER = timedelta(hours=1)


@dataclass
class Desk:
    """A port on its way to the fake, one look of the worker after another."""

    database: PostgresDatabase
    wire: Wired
    objects: FolderObjects
    account_id: AccountId
    port_id: PortId
    now: datetime = NOW

    async def look(self) -> Port:
        self.now += LATER
        await follow_ports(self.database, self.wire.carriers, self.objects, self.now)
        return await get_port(self.database, None, self.port_id)

    @property
    def parts(self) -> list[dict[str, object]]:
        assert isinstance(self.wire.fake, FakeTelnyx)
        return list(self.wire.fake.ports.values())

    def carrier_says(self, status: str, *, code: str = "", foc: datetime | None = None) -> None:
        for part in self.parts:
            part["status"] = {"value": status, "details": [{"code": code, "description": ""}] if code else []}
            part["activation_settings"] = {"foc_datetime_actual": foc.isoformat()} if foc else {}


@pytest.fixture
async def desk(database: PostgresDatabase, telnyx: Wired, tmp_path: Path) -> Desk:
    account_id, objects = await buyer(database), FolderObjects(tmp_path)
    port = await submitted_port(database, account_id, *NUMBERS)
    await objects.put(content_key(account_id, port.document_ids[0]), b"%PDF-1.4 letter")
    await assign_port(database, telnyx.carriers, port.id, "telnyx", NOW)
    return Desk(database, telnyx, objects, account_id, port.id)


async def test_port_is_handed_in_with_its_papers_and_led_to_the_cut_over(desk: Desk) -> None:
    handed = await desk.look()
    assert handed.status is PortStatus.IN_PROCESS
    (part,) = desk.parts
    assert part["customer_reference"] == str(desk.port_id)
    assert str(part["end_user"]).count("A-4711") == 1
    assert "loa" in str(part["documents"])

    day = desk.now + timedelta(days=3)
    desk.carrier_says("foc-date-confirmed", foc=day)
    confirmed = await desk.look()
    assert (confirmed.status, confirmed.foc_at) == (PortStatus.DATE_CONFIRMED, day)

    await cut_over_ports(desk.database, day)
    numbers = await list_numbers(desk.database, desk.account_id)
    assert {(number.number, number.carrier) for number in numbers} == {(number, "telnyx") for number in NUMBERS}


@pytest.mark.parametrize("at", ["POST /v2/porting_orders", "PATCH /v2/porting_orders", "POST /v2/documents"])
async def test_port_whose_answer_is_lost_is_handed_in_once(desk: Desk, at: str) -> None:
    desk.wire.goes_wrong(How.LOST, at)

    await desk.look()
    port = await desk.look()

    assert port.status is PortStatus.IN_PROCESS
    assert len(desk.parts) == 1


async def test_exception_names_the_fault_and_the_correction_is_handed_in(desk: Desk) -> None:
    await desk.look()
    desk.carrier_says("exception", code="PASSCODE_PIN_INVALID")

    wrong = await desk.look()
    assert wrong.status is PortStatus.EXCEPTION
    assert wrong.exception is not None
    assert wrong.exception.correct == ("holder.pin",)

    desk.now += LATER
    await submit_port(desk.database, desk.account_id, desk.port_id, desk.now)
    again = await desk.look()
    assert again.status is PortStatus.IN_PROCESS
    (part,) = desk.parts
    assert part["status"] == {"value": "in-process", "details": []}


async def test_port_that_its_owner_calls_off_ends_when_the_carrier_agrees(desk: Desk) -> None:
    await desk.look()
    await cancel_port(desk.database, desk.account_id, desk.port_id, desk.now)

    waiting = await desk.look()
    assert waiting.status is PortStatus.CANCEL_PENDING
    assert [part["status"] for part in desk.parts] == [{"value": "cancel-pending", "details": []}]
    desk.carrier_says("cancelled")

    assert (await desk.look()).status is PortStatus.CANCELLED


async def test_port_to_an_unknown_carrier_or_to_another_than_has_it_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await assign_port(desk.database, desk.wire.carriers, desk.port_id, "nobody", NOW)
    await desk.look()
    await cancel_port(desk.database, desk.account_id, desk.port_id, desk.now)
    desk.carrier_says("cancelled")
    await desk.look()

    with pytest.raises(Conflict):
        await assign_port(desk.database, desk.wire.carriers, desk.port_id, "telnyx", NOW)
