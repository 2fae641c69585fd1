"""Calls that the operator forces over one trunk (VoIPBIN reference 6.6): kept beside the call."""

from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.ids import AccountId, CallId, TrunkId


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """`id` is the call's own."""

    id: CallId
    account_id: AccountId
    trunk_id: TrunkId
    created_at: datetime
