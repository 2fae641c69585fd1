"""What a call may be placed to, whichever face asks for it."""

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import Address
from dialplane.domain.errors import Invalid
from dialplane.services.calling.dialling import check_destination
from tests.services.buying import buyer


@pytest.mark.parametrize(
    "target", ["alice", "=Z@\x0f\uf875", "a b@example.com", "a@", "a@b c", "a@exa\r\nmple.com", "x" * 256 + "@b"]
)
async def test_target_that_no_request_can_name_is_no_sip_destination(database: PostgresDatabase, target: str) -> None:
    """API-2: it is refused before a voice node is asked for."""
    async with database.transaction() as tx:
        account = await tx.accounts.get(await buyer(database))

    with pytest.raises(Invalid) as refusal:
        check_destination(account, Address("sip", target))

    assert refusal.value.field == "destinations"


async def test_sip_destination_may_be_written_with_its_scheme(database: PostgresDatabase) -> None:
    async with database.transaction() as tx:
        account = await tx.accounts.get(await buyer(database))

    destination, _ = check_destination(account, Address("sip", "sip:alice@example.com:5070"))

    assert destination.target == "alice@example.com:5070"
