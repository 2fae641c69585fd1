"""Accounts' trunks: which one a host names, and which addresses need no password."""

from datetime import UTC, datetime

import pytest

from dialplane.domain.calling.pbx_trunks import AuthType, PbxTrunk, called_trunk, read_allowed, show_allowed
from dialplane.domain.ids import NIL, AccountId, PbxTrunkId


def trunk(*auth_types: AuthType) -> PbxTrunk:
    allowed = read_allowed(["203.0.113.7", "198.51.100.0/28", "2001:db8::/48", "203.0.113.7"])
    moment = datetime(2026, 1, 15, tzinfo=UTC)
    return PbxTrunk(PbxTrunkId(NIL), AccountId(NIL), "office", auth_types, moment, allowed=allowed)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("office.trunk.voipbin.net", "office"),
        ("north.office.trunk.voipbin.net", "north.office"),
        ("office.trunk", "office"),
        ("trunk.voipbin.net", ""),
        ("office.trunks.example.com", ""),
        ("office.voipbin.net", ""),
        ("127.0.0.1", ""),
    ],
)
def test_host_names_the_trunk_before_its_mark(host: str, name: str) -> None:
    assert called_trunk(host) == name


def test_addresses_count_only_for_a_trunk_that_takes_them() -> None:
    hosts = ("203.0.113.7", "198.51.100.15", "::ffff:203.0.113.7", "2001:db8::9", "198.51.100.16", "pbx.example.com")

    assert [trunk(AuthType.IP).allows(host) for host in hosts] == [True, True, True, True, False, False]
    assert not any(trunk(AuthType.BASIC).allows(host) for host in hosts)


def test_entry_is_shown_as_it_was_written_and_once() -> None:
    shown = [show_allowed(network) for network in trunk().allowed]

    assert shown == ["203.0.113.7", "198.51.100.0/28", "2001:db8::/48"]
