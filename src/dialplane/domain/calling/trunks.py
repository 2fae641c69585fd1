"""Trunks: peers that bring PSTN calls to us, or take ours."""

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network

from dialplane.domain.calling.trunk_terms import USUAL_TERMS, FoundBy, Gateway, TrunkTerms, TrunkTransport
from dialplane.domain.ids import AccountId, TrunkId

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Trunk:
    """One peer. Whatever comes from `networks`, or from where names of its gateways lead, is its traffic; outbound
    calls go to `host`, if it has one."""

    id: TrunkId
    name: str
    created_at: datetime
    account_id: AccountId | None = None
    """None: the operator's own, for all accounts."""
    networks: tuple[Network, ...] = ()
    host: str = ""
    port: int = 5060
    transport: TrunkTransport = "udp"
    username: str = ""
    password: str = field(default="", repr=False)
    priority: int = 10
    """Lower is tried first."""
    terms: TrunkTerms = USUAL_TERMS
    detail: str = ""
    login_username: str = ""
    """With which the peer may prove itself, wherever it calls from; empty: only its networks tell."""
    login_password: str = field(default="", repr=False)
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    found_by: FoundBy = FoundBy.AS_WRITTEN
    """How its host is looked up."""

    @property
    def own_gateway(self) -> Gateway:
        """Its host."""
        terms = self.terms
        return Gateway(self.host, self.port, self.transport, terms.own_priority, terms.weight, self.found_by)

    @property
    def gateways(self) -> tuple[Gateway, ...]:
        """All that take its calls; its own host first."""
        return (self.own_gateway, *self.terms.gateways) if self.host else self.terms.gateways

    @property
    def brings_calls(self) -> bool:
        """Some addresses are known to be its."""
        return bool(self.networks) or any(gateway.is_named for gateway in self.gateways)
