"""Which server of several is reached, and who may open how many connections to it."""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.reach import each_host, reach
from dialplane.config.database import Connections, database_url
from dialplane.config.environment import from_environment
from dialplane.config.values import SettingError


@pytest.mark.parametrize(
    ("address", "each"),
    [
        ("postgresql://u:p@a/db", ["postgresql://u:p@a/db"]),
        ("postgresql://u:p@a:1,[::1]:2/db?x=y", ["postgresql://u:p@a:1/db?x=y", "postgresql://u:p@[::1]:2/db?x=y"]),
        (
            "postgresql://u@/db?host=/a,/b&port=1,2",
            ["postgresql://u@/db?host=%2Fa&port=1", "postgresql://u@/db?host=%2Fb&port=2"],
        ),
    ],
)
def test_address_of_several_hosts_is_one_address_for_each(address: str, each: list[str]) -> None:
    assert each_host(address) == each


def test_of_several_hosts_the_one_that_takes_writes_is_meant() -> None:
    assert database_url("postgresql://a,b/db") == "postgresql://a,b/db?target_session_attrs=read-write"
    assert database_url("postgresql:///db?host=a,b&x=y").endswith("&x=y&target_session_attrs=read-write")
    assert database_url("postgresql://a,b/db?target_session_attrs=any").endswith("?target_session_attrs=any")
    assert database_url("postgresql://a/db") == "postgresql://a/db"


async def test_host_that_takes_the_connection_and_says_nothing_does_not_keep_the_next_from_being_asked(
    cluster: EmbeddedPostgres, dsn: str
) -> None:
    """AV-3: as a host does that hangs, or one behind a balancer."""
    name = urlsplit(dsn).path
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        connection = await reach(f"postgresql://postgres@{name}?host=127.0.0.1,{cluster.sockets}&port={port},5432")

    assert await connection.fetchval("select 1") == 1
    await connection.close()


async def test_server_notices_within_seconds_that_a_client_was_cut_off(tmp_path: Path) -> None:
    """AV-6: what its machine holds in the store must not be held for as long as TCP cares to."""
    place = f"127.{os.getpid() % 200 + 10}.58.1"  # an address of its own, so that the usual port is free
    server = EmbeddedPostgres(tmp_path / "pg", settings={"listen_addresses": place})
    await server.start()
    try:
        connection = await reach(f"postgresql://postgres@{place}/postgres?sslmode=disable")
        names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
        kept = [await connection.fetchval(f"show {name}") for name in names]
        await connection.close()
    finally:
        await server.stop()

    assert kept == ["4", "2", "2", "8000"]


def test_connections_of_a_role_are_set_by_name() -> None:
    set_ = from_environment({"DIALPLANE_CONNECTIONS": "api=40, voice=5"}).connections

    assert set_ == Connections(api=40, voice=5)
    assert Connections.parse(str(set_), what="it") == set_
    assert set_.of_process("api") == 41
    for wrong in ("api", "api=2", "media=10", "api=9999"):
        with pytest.raises(SettingError, match="DIALPLANE_CONNECTIONS"):
            from_environment({"DIALPLANE_CONNECTIONS": wrong})
