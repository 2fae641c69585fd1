"""Whom host names of trunks are asked of, as this installation is set up."""

from collections.abc import Collection
from ipaddress import ip_address

from dialplane.adapters.dns.names import DnsNames
from dialplane.config.settings import Settings


def names(settings: Settings) -> DnsNames:
    return DnsNames([(each.host, each.port) for each in settings.name_servers])


def names_of_node(settings: Settings) -> DnsNames:
    """For the voice node: only addresses that it can send to."""
    return DnsNames([(each.host, each.port) for each in settings.name_servers], versions=_versions(settings))


def _versions(settings: Settings) -> Collection[int]:
    """Of IP, that a node's socket or the edge before it speaks."""
    if settings.edges:
        return (4, 6)
    try:
        return (ip_address(settings.sip.host).version,)
    except ValueError:
        return (4, 6)
