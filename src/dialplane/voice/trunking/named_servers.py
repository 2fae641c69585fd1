"""SIP servers that tenants name: found as trunks are (RFC 3263), and nowhere that a tenant may not make us reach."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address

from dialplane.domain.calling.trunk_terms import Gateway
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.ids import AccountId
from dialplane.domain.networks import Address
from dialplane.services.calling.ways import Way
from dialplane.sip.transaction_peer import Source
from dialplane.voice.trunking.kept_places import KeptPlaces
from dialplane.voice.useragent.agent import UserAgent

MOST_NAMES = 1_000
"""That are kept: whoever calls any number of names must not fill the memory."""


class NamedServers:
    """Those that calls of one node go to. A name is asked for when somebody calls there, and not beforehand."""

    def __init__(
        self,
        agent: UserAgent,
        kept: KeptPlaces,
        may_reach: Callable[[Address], bool],
        is_trunk: Callable[[Source, AccountId], bool],
    ) -> None:
        """`is_trunk`: whether whoever is there would take our call for one that the operator pays."""
        self._agent = agent
        self._kept = kept
        self._may_reach = may_reach
        self._is_trunk = is_trunk

    async def ways(self, way: Way, account_id: AccountId) -> list[Way]:
        """The way to `way.gateway` with addresses, best first.

        Raises Invalid where one of them is none that the account may reach (SSRF-2), Unavailable where the name leads
        nowhere.
        """
        gateway = way.gateway
        if gateway is None or (way.host, way.port) == (self._agent.host, self._agent.port):
            return [way]
        if not self._kept.holds(gateway):
            await self._kept.wait(gateway)
            self._bound()
        targets = self._kept.targets(gateway)
        if not targets:
            raise Unavailable(f"{gateway.host} does not resolve")
        for target in targets:
            self._check(gateway, target, account_id)
        return [replace(way, host=each.host, port=each.port, transport=each.transport) for each in targets]

    def _check(self, gateway: Gateway, target: Source, account_id: AccountId) -> None:
        if not self._may_reach(ip_address(target.host)):
            raise Invalid(f"{gateway.host} leads to an address that is not public", field="host")
        if self._is_trunk(target, account_id):
            raise Invalid(f"{gateway.host} leads to a trunk, which is called by numbers", field="host")
        if target.transport == "tls":
            self._agent.expect_name(target, gateway.host)  # RFC 5922 section 7.1

    def _bound(self) -> None:
        for key in self._kept.found()[: max(0, len(self._kept) - MOST_NAMES)]:
            self._kept.forget(key)


def may_try_another_server(sip_code: int) -> bool:
    """Whether an answer says that the server takes no calls, and not what it says of the party (RFC 3263 section 4.3);
    0 is that nothing came back."""
    return sip_code in (0, 503)
