"""Which server of a name comes first (RFC 3263 section 4, RFC 2782)."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from dialplane.sip.locating import Naptr, Server, Service, Srv, in_order, servers_of, services_of, usual_services
from dialplane.sip.transaction_peer import Wire

WIRES: tuple[Wire, ...] = ("udp", "tcp", "tls")


def test_name_says_what_it_likes_by_order_and_preference() -> None:
    """The example of RFC 3263 section 4.1."""
    records = [
        Naptr(90, 50, "s", "SIP+D2T", "_sip._tcp.example.com"),
        Naptr(100, 50, "s", "SIP+D2U", "_sip._udp.example.com"),
        Naptr(50, 50, "s", "SIPS+D2T", "_sips._tcp.example.com"),
    ]

    assert [service.wire for service in services_of("example.com", records, WIRES)] == ["tls", "tcp", "udp"]
    assert [service.wire for service in services_of("example.com", records, ("udp", "tcp"))] == ["tcp", "udp"]


def test_records_of_other_services_say_nothing() -> None:
    records = [
        Naptr(1, 1, "u", "E2U+sip", "."),
        Naptr(1, 2, "s", "SIP+D2S", "_sip._sctp.example.com"),
        Naptr(1, 3, "S", "sip+d2u", "_sip._udp.example.com"),
    ]

    assert services_of("example.com", records, WIRES) == [Service("_sip._udp.example.com", "udp")]


def test_name_without_a_word_is_asked_for_what_we_speak() -> None:
    assert usual_services("example.com", ("udp", "tcp")) == [
        Service("_sip._udp.example.com", "udp"),
        Service("_sip._tcp.example.com", "tcp"),
    ]


def test_root_as_a_target_is_no_server() -> None:
    service = Service("_sip._udp.example.com", "udp")

    assert servers_of([service], [[Srv(0, 0, 0, ".")]]) == []


def test_servers_of_one_priority_come_first_as_often_as_their_weights_say() -> None:
    chance = random.Random(2782)
    heavy, light, weightless = (Server(0, 10, weight, 5060, "udp", f"w{weight}") for weight in (75, 25, 0))
    later = Server(0, 20, 1_000, 5060, "udp", "later")

    firsts = Counter(in_order([light, later, weightless, heavy], chance)[0].host for _ in range(4_000))

    assert 2_800 < firsts["w75"] < 3_150
    assert 850 < firsts["w25"] < 1_150
    assert 0 < firsts["w0"] < 100
    assert firsts["later"] == 0


_SERVERS = st.lists(
    st.builds(
        Server, st.integers(0, 2), st.integers(0, 3), st.integers(0, 65_535), st.just(5060), st.just("udp"),
        st.sampled_from("abcdefgh"),
    ),
    max_size=12,
)  # fmt: skip


@given(_SERVERS, st.integers())
def test_order_has_each_server_once_and_no_priority_before_a_lower_one(servers: list[Server], seed: int) -> None:
    ordered = in_order(servers, random.Random(seed))

    assert sorted(ordered) == sorted(servers)
    assert [each[:2] for each in ordered] == sorted(each[:2] for each in servers)
