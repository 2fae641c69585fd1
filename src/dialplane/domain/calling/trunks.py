"""Trunks: peers that bring PSTN calls to us, or take ours."""

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from dialplane.domain.ids import AccountId, TrunkId

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Trunk:
    """One peer. Whatever comes from `networks` is its traffic; outbound calls go to `host`, if it has one."""

    id: TrunkId
    name: str
    created_at: datetime
    account_id: AccountId | None = None
    """None: the operator's own, for all accounts."""
    networks: tuple[Network, ...] = ()
    host: str = ""
    port: int = 5060
    transport: Literal["udp", "tcp"] = "udp"
    username: str = ""
    password: str = field(default="", repr=False)
    priority: int = 10
    """Lower is tried first."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
