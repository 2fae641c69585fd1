"""An order of ported numbers at whatever point of its way, for tests that begin there."""

from datetime import datetime
from uuid import uuid4

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, DocumentId
from dialplane.domain.numbering.documents import Document, DocumentStatus
from dialplane.domain.numbering.porting import LETTER_OF_AUTHORIZATION, Port, PortStatus
from dialplane.domain.numbering.targets import Targets
from dialplane.services.numbering.port_progress import advance_port
from dialplane.services.numbering.porting import PortDraft, WantedNumber, create_port, submit_port
from tests.services.buying import NOW

HOLDER = {
    "name": "Acme Inc.",
    "account_number": "A-4711",
    "street": "1 Main Street",
    "locality": "San Francisco",
    "postal_code": "94103",
}

NOTHING = Targets()


async def letter(database: PostgresDatabase, account_id: AccountId) -> DocumentId:
    """A letter of authorization of which nobody needs the content."""
    document = Document(
        id=DocumentId(uuid4()),
        account_id=account_id,
        kind=LETTER_OF_AUTHORIZATION,
        name="letter.pdf",
        media_type="application/pdf",
        size=1,
        sha256="0" * 64,
        status=DocumentStatus.PENDING,
        created_at=NOW,
    )
    async with database.transaction() as tx:
        await tx.documents.add(document)
    return document.id


async def submitted_port(
    database: PostgresDatabase, account_id: AccountId, *numbers: str, now: datetime = NOW, targets: Targets = NOTHING
) -> Port:
    wanted = tuple(WantedNumber(number, targets) for number in numbers)
    papers = (await letter(database, account_id),)
    made = await create_port(database, account_id, PortDraft(wanted, HOLDER, papers), now)
    return await submit_port(database, account_id, made.id, now)


async def confirmed_port(
    database: PostgresDatabase,
    account_id: AccountId,
    *numbers: str,
    day: datetime,
    now: datetime = NOW,
    targets: Targets = NOTHING,
) -> Port:
    port = await submitted_port(database, account_id, *numbers, now=now, targets=targets)
    await advance_port(database, port.id, PortStatus.IN_PROCESS, now)
    return await advance_port(database, port.id, PortStatus.DATE_CONFIRMED, now, foc_at=day)
