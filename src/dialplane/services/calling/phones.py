"""The phones of a party: an extension may be registered from several places, and all of them ring."""

from datetime import datetime

from dialplane.domain.addresses import Address
from dialplane.domain.ids import AccountId
from dialplane.services.calling.ways import find_extension
from dialplane.services.transaction import Database

MAX_PHONES = 10
"""Of one extension."""


async def phones_of(database: Database, account_id: AccountId, party: Address, now: datetime) -> tuple[str, ...]:
    """The contacts of an extension with several phones; none for any other party, which is one call by itself."""
    if party.type != "extension":
        return ()
    async with database.reading() as tx:
        subscriber = await find_extension(tx, account_id, party.target)
        bindings = await tx.registrations.bindings(subscriber.extension_id, now) if subscriber else []
    contacts = tuple(dict.fromkeys(binding.contact for binding in bindings))[:MAX_PHONES]
    return contacts if len(contacts) > 1 else ()
