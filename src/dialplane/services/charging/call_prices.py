"""What calls have cost, as the ledger has it."""

from collections.abc import Mapping, Sequence

from dialplane.domain.calling.calls import Call
from dialplane.domain.charging.call_billing import hold_key
from dialplane.domain.ids import CallId
from dialplane.services.transaction import Database


async def call_prices(database: Database, calls: Sequence[Call]) -> Mapping[CallId, int]:
    """Micros of credit, of those that were charged; a call that was free or is not over has none."""
    keys = {call.id: hold_key(call.id) for call in calls if call.ended_at is not None}
    if not keys:
        return {}
    async with database.reading() as tx:
        entries = await tx.ledger.find_entries(list(keys.values()))
    return {call_id: -entries[key].amount_micros for call_id, key in keys.items() if key in entries}
