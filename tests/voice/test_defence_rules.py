"""The rules of the defence by themselves, on a clock of the tests."""

from hypothesis import given
from hypothesis import strategies as st

from dialplane.voice.defence import guesses, strangers
from dialplane.voice.defence.admission_rate import AdmissionRate
from dialplane.voice.defence.guesses import LOCK_S, WRONG_FOR_USER, Guesses
from dialplane.voice.defence.strangers import BAN_S, STRANGERS_MESSAGES, WINDOW_S, Strangers, network_of

THIEF, OTHER, OWNER = "192.0.2.1", "192.0.2.2", "198.51.100.7"


def flood(table: Strangers, host: str, now: float) -> None:
    for _ in range(STRANGERS_MESSAGES + 1):
        table.may_send(host, now, is_known=False)


def test_ban_ends_after_a_minute() -> None:
    """DOS-2."""
    table = Strangers()
    flood(table, THIEF, 100.0)

    assert not table.may_send(THIEF, 100.0 + BAN_S - 0.1, is_known=False)
    assert table.may_send(THIEF, 100.0 + BAN_S, is_known=False)


def test_stranger_who_stays_below_the_limit_is_always_heard() -> None:
    table = Strangers()
    step = WINDOW_S / STRANGERS_MESSAGES
    assert all(table.may_send(THIEF, n * step, is_known=False) for n in range(10 * STRANGERS_MESSAGES))


def test_whoever_becomes_known_is_heard_at_once() -> None:
    table = Strangers()
    flood(table, THIEF, 100.0)
    table.forgive(THIEF)

    assert table.may_send(THIEF, 100.1, is_known=False)


def test_addresses_of_one_ipv6_network_are_one_stranger() -> None:
    """A subscriber has 2**64 of them."""
    table = Strangers()
    for n in range(STRANGERS_MESSAGES + 1):
        table.may_send(f"2001:db8:1:2::{n:x}", 100.0, is_known=False)

    assert not table.may_send("2001:db8:1:2:ffff::1", 100.0, is_known=False)
    assert table.may_send("2001:db8:1:3::1", 100.0, is_known=False)
    assert list(table.banned(100.0)) == ["2001:db8:1:2::/64"]


def test_ipv4_in_ipv6_is_the_ipv4_address() -> None:
    assert network_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert network_of("no address") == "no address"


@given(st.lists(st.integers(0, 2**24), min_size=1, max_size=200))
def test_tables_of_strangers_stay_small(hosts: list[int]) -> None:
    """DOS-2: the table itself is bounded, whoever sends."""
    table = Strangers()
    for n, host in enumerate(hosts * (strangers.MAX_REMEMBERED // len(hosts) // 50 + 1)):
        table.may_send(f"10.{host >> 16}.{host >> 8 & 255}.{host & 255}", n * 0.001, is_known=False)

    assert len(table._windows) <= strangers.MAX_REMEMBERED
    assert len(table.banned(0.0)) <= strangers.MAX_REMEMBERED


def test_more_addresses_than_the_table_holds_push_out_the_oldest() -> None:
    table = Strangers()
    for n in range(strangers.MAX_REMEMBERED + 500):
        table.may_send(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", n * 0.000_1, is_known=False)

    assert len(table._windows) == strangers.MAX_REMEMBERED
    assert "10.0.0.0" not in table._windows


def test_guessers_from_many_addresses_are_locked_and_a_new_address_has_one_try() -> None:
    """REG-2: the user's limit is of all addresses together."""
    rules = Guesses()
    for n in range(WRONG_FOR_USER):
        rules.wrong("1001@a", f"192.0.2.{n}", 100.0)

    assert not any(rules.may_try("1001@a", f"192.0.2.{n}", 101.0) for n in range(WRONG_FOR_USER))
    assert rules.may_try("1001@a", OWNER, 101.0)
    rules.wrong("1001@a", OWNER, 101.0)
    assert not rules.may_try("1001@a", OWNER, 102.0)


def test_lock_ends_after_a_quarter_of_an_hour_and_locks_are_told_once() -> None:
    rules = Guesses()
    told = [rules.wrong("1001@a", THIEF, 100.0 + n) for n in range(WRONG_FOR_USER + 3)]
    last = 100.0 + WRONG_FOR_USER + 2

    assert told == [False] * (WRONG_FOR_USER - 1) + [True] + [False] * 3
    assert not rules.may_try("1001@a", THIEF, last + LOCK_S - 1)
    assert rules.may_try("1001@a", THIEF, last + LOCK_S)


def test_wrong_passwords_over_a_long_time_lock_nobody() -> None:
    """A phone with an old password tries now and then."""
    rules = Guesses()
    step = guesses.WINDOW_S // (WRONG_FOR_USER - 1) + 1
    assert not any(rules.wrong("1001@a", THIEF, n * step) for n in range(100))


def test_who_has_proved_himself_gets_in_again_from_there() -> None:
    """An office behind one address: a colleague's old password does not lock everybody out."""
    rules = Guesses()
    rules.right("1002@a", THIEF, 50.0)
    for n in range(100):
        rules.wrong(f"{n}@a", THIEF, 100.0)

    assert not rules.may_try("1001@a", THIEF, 101.0)
    assert rules.may_try("1002@a", THIEF, 101.0)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=300).map(sorted))
def test_no_more_calls_begin_than_the_rate_allows(times: list[float]) -> None:
    """DOS-4, whenever they come."""
    rate = AdmissionRate(2.0, 5)
    taken = [at for at in times if rate.take(at)]

    for begin in taken:
        within = [at for at in taken if begin <= at <= begin + 10]
        assert len(within) <= 5 + 2 * 10 + 1
