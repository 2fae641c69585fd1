"""Called numbers with their holders and flows: what an ordinary call asks of the store before it is let in."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from dialplane.domain.flows.flow import Flow
from dialplane.domain.ids import AccountId, FlowId
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.tenancy.accounts import Account


class Called(NamedTuple):
    """What ordinary calls need to know of the numbers they call."""

    numbers: dict[str, Number]
    accounts: dict[AccountId, Account]
    """Their holders."""
    flows: dict[FlowId, Flow]
    """Those that they lead to, as far as they are there."""


class CalledStore(Protocol):
    """Port."""

    async def find(self, numbers: Sequence[str]) -> Called:
        """Those of these E.164 or virtual numbers that somebody holds, in one round trip."""
        ...
