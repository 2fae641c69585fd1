"""What a message is billed by: its segments, as the way that it goes out takes them."""

from dialplane.domain.messaging.segments import count_segments
from dialplane.services.transaction import Transaction


async def count_parts(tx: Transaction, source: str, text: str, *, wide: bool) -> int:
    """The store is asked only about texts that national tables would make shorter. A source that is not named yet,
    since a pool has to choose it, counts as one whose carrier has none."""
    plain = count_segments(text, wide=wide)
    if plain.encoding == "gsm7" or wide:
        return plain.count
    shorter = count_segments(text, national=True).count
    if shorter < plain.count and await tx.smpp_carriers.takes_national_tables(source):
        return shorter
    return plain.count
