"""How many messages an account may send in an hour, in all and to one country (FRD-3).

They are counted from the messages themselves while the account's purse is locked, so that messages that are sent at
once never pass a limit together (FRD-4). Accounts without such a limit are not counted.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from dialplane.domain.calling.destinations import place_of
from dialplane.domain.calling.outbound_limits import LimitHit, find_messages_hit
from dialplane.domain.errors import LimitExceeded
from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.messages import TargetStatus
from dialplane.domain.numbering.numbers import VIRTUAL_PREFIX
from dialplane.services.calling.outbound_limits import tell_of_hits
from dialplane.services.messaging.screening import Obstacles, Outgoing, Screened
from dialplane.services.transaction import Database, Transaction


class MessageLimitReached(LimitExceeded):
    """A message that one of its account's limits forbids."""

    def __init__(self, account_id: AccountId, hit: LimitHit) -> None:
        super().__init__(hit.text, reason="OUTBOUND_LIMIT_REACHED", field="destinations")
        self.account_id = account_id
        self.hit = hit


class MessageLimits:
    """What the accounts of one transaction have sent, and what they send in it."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._sent: dict[AccountId, Counter[str]] = {}

    async def check(self, message: Outgoing, found: Obstacles, screened: Sequence[Screened]) -> None:
        """Raises MessageLimitReached. Whoever gets nothing does not count; the answer to a word of consent always goes
        out."""
        if message.past_consent or not found.limits.counts_messages:
            return
        if message.account_id not in self._sent:
            self._sent[message.account_id] = await self._count(message.account_id, message.now)
        hit = find_messages_hit(found.limits, self._sent[message.account_id], _by_country(screened))
        if hit is not None:
            raise MessageLimitReached(message.account_id, hit)

    def sent(self, message: Outgoing, screened: Sequence[Screened]) -> None:
        """It counts for those after it."""
        if message.account_id in self._sent:
            self._sent[message.account_id] += _by_country(screened)

    async def _count(self, account_id: AccountId, now: datetime) -> Counter[str]:
        sent: Counter[str] = Counter()
        for number, count in (await self._tx.outbound_limits.messages_of(account_id, now)).items():
            if not number.startswith(VIRTUAL_PREFIX):
                sent[place_of(number)] += count
        return sent


def _by_country(screened: Iterable[Screened]) -> Counter[str]:
    receivers = [each.target.destination.target for each in screened if each.target.status is not TargetStatus.FAILED]
    return Counter(place_of(receiver) for receiver in receivers if not receiver.startswith(VIRTUAL_PREFIX))


@asynccontextmanager
async def telling_of_limits(database: Database, now: datetime) -> AsyncIterator[None]:
    """Around a transaction that a limit may end: the account is told all the same."""
    try:
        yield
    except MessageLimitReached as refusal:
        await tell_limits_reached(database, [refusal], now)
        raise


async def tell_limits_reached(database: Database, refusals: Iterable[MessageLimitReached], now: datetime) -> None:
    """By an event, once a minute for each limit (FRD-5). In a transaction of its own: the limits' rows are locked
    before purses elsewhere."""
    hits = {(refusal.account_id, refusal.hit.limit): refusal.hit for refusal in refusals}
    if hits:
        async with database.transaction() as tx:
            await tell_of_hits(tx, hits, now)
