"""Settings: read once, checked, handed on unchanged, silent about secrets."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from dialplane.config.database import Connections
from dialplane.config.environment import from_environment, override, to_environment
from dialplane.config.settings import LOOPBACK, Settings
from dialplane.config.values import Endpoint, SettingError
from dialplane.domain.identity.role_permissions import RolePermission
from dialplane.domain.operating.retention import Kind


def test_child_reads_the_settings_that_its_parent_has() -> None:
    settings = Settings(
        data=Path("/srv/d"),
        database_url="postgresql://u:p@db/x",
        replica_url=("postgresql://u:p@replica/x", "postgresql://u:p@other/x"),
        connections=Connections(api=40),
        kept={Kind.CALLS: timedelta(days=400)},
        http=Endpoint("::1", 0),
        sip_domains=("a.example", "b.example"),
        name_servers=(Endpoint("192.0.2.53", 53), Endpoint("::1", 5353)),
        sandbox=False,
        run=Path("/run/d"),
        egress_allow=(ip_network("10.0.0.0/8"),),
        developer_permissions=(RolePermission.parse("RestComm:Create,Read:Applications"),),
    )

    assert from_environment(to_environment(settings)) == settings


@pytest.mark.parametrize(
    ("environment", "allowed"),
    [
        ({}, LOOPBACK),
        ({"DIALPLANE_EGRESS_ALLOW": ""}, ()),
        ({"DIALPLANE_EGRESS_ALLOW": "10.0.0.0/8, ::1/128"}, (ip_network("10.0.0.0/8"), ip_network("::1/128"))),
        ({"DIALPLANE_SANDBOX": "0"}, ()),
    ],
)
def test_private_networks_are_open_to_tenants_only_where_said(
    environment: dict[str, str], allowed: tuple[object, ...]
) -> None:
    """SSRF-1 as DESIGN section 9 has it: absent is the loopback in the sandbox, empty is nothing."""
    assert from_environment(environment).egress_allow == allowed


def test_name_servers_have_a_port_where_it_is_not_the_usual_one() -> None:
    found = from_environment({"DIALPLANE_NAME_SERVERS": "192.0.2.53, 2001:db8::53 [2001:db8::54]:5353"}).name_servers

    assert found == (Endpoint("192.0.2.53", 53), Endpoint("2001:db8::53", 53), Endpoint("2001:db8::54", 5353))


def test_without_the_sandbox_its_open_networks_go_too() -> None:
    assert override(from_environment({}), sandbox=False).egress_allow == ()


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"DIALPLANE_HTTP": "8080"}, "DIALPLANE_HTTP"),
        ({"DIALPLANE_SIP": "host:99999"}, "DIALPLANE_SIP"),
        ({"DIALPLANE_RTP": "30000-20000"}, "DIALPLANE_RTP"),
        ({"DIALPLANE_EGRESS_ALLOW": "10.0.0.1/8"}, "DIALPLANE_EGRESS_ALLOW"),
        ({"DIALPLANE_NAME_SERVERS": "192.0.2.53 ns.example.com:53"}, "DIALPLANE_NAME_SERVERS"),
        ({"DIALPLANE_SANDBOX": "perhaps"}, "DIALPLANE_SANDBOX"),
        ({"DIALPLANE_DRAIN_S": "1h"}, "DIALPLANE_DRAIN_S"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"DIALPLANE_REPLICA_URL": "postgresql://x mysql://y"}, "DIALPLANE_REPLICA_URL"),
        ({"DIALPLANE_KEPT": "calls=39"}, "DIALPLANE_KEPT"),
        ({"DIALPLANE_KEPT": "ledger=400"}, "DIALPLANE_KEPT"),
        ({"DIALPLANE_KEPT": "events=90 deliveries=100"}, "DIALPLANE_KEPT"),
        ({"DIALPLANE_DEVELOPER_PERMISSIONS": "RestComm:Sing:Calls"}, "DIALPLANE_DEVELOPER_PERMISSIONS"),
    ],
)
def test_bad_setting_is_named(environment: dict[str, str], named: str) -> None:
    with pytest.raises(SettingError, match=named):
        from_environment(environment)


@pytest.mark.parametrize("domain", ["two words", "two,words", ""])
def test_domain_that_is_not_one_word_is_named(domain: str) -> None:
    with pytest.raises(SettingError, match="--sip-domain"):
        override(from_environment({}), sip_domains=(domain,))


def test_role_without_a_database_says_what_is_missing() -> None:
    with pytest.raises(SettingError, match="DATABASE_URL"):
        from_environment({}).require_database()


def test_password_of_the_database_does_not_show() -> None:
    """SUP-4."""
    assert "hidden" not in repr(from_environment({"DATABASE_URL": "postgresql://u:hidden@db/x"}))
