"""The four transaction machines by virtual time, and their tables under any sequence of inputs (RFC 3261 17)."""

from collections.abc import Iterator
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.sip.transaction import (
    CLIENT,
    INVITE_CLIENT,
    INVITE_SERVER,
    SERVER,
    Do,
    Input,
    State,
    Table,
    Timers,
    Transaction,
)
from dialplane.sip.transaction_peer import Source

UDP = Source("192.0.2.1", 5060, "udp")
TCP = Source("192.0.2.1", 5060, "tcp")
TABLES = {"INVITE client": INVITE_CLIENT, "client": CLIENT, "INVITE server": INVITE_SERVER, "server": SERVER}


def _make(table: Table, peer: Source = UDP) -> Transaction:
    return Transaction(table, key=("branch",), peer=peer, timers=Timers())


def _run(transaction: Transaction, until: float = 100) -> Iterator[tuple[float, Do]]:
    """What the timers make the machine do, at the times at which it does."""
    while (now := transaction.deadline) <= until:
        for order in transaction.expire(now):
            yield now, order


def test_invite_over_udp_is_sent_seven_times_and_times_out_after_32_s() -> None:
    """Timers A and B (17.1.1.2)."""
    transaction = _make(INVITE_CLIENT)

    assert transaction.step(Input.START, 0) == (Do.SEND,)

    sends = [(0.5, Do.SEND), (1.5, Do.SEND), (3.5, Do.SEND), (7.5, Do.SEND), (15.5, Do.SEND), (31.5, Do.SEND)]
    assert list(_run(transaction)) == [*sends, (32.0, Do.TIME_OUT)]
    assert transaction.state is State.TERMINATED


def test_request_over_udp_is_resent_at_t2_at_most_and_times_out_after_32_s() -> None:
    """Timers E and F (17.1.2.2)."""
    transaction = _make(CLIENT)
    transaction.step(Input.START, 0)

    times = [at for at, order in _run(transaction) if order is Do.SEND]

    assert times == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def test_request_with_a_provisional_answer_is_resent_every_t2() -> None:
    transaction = _make(CLIENT)
    transaction.step(Input.START, 0)

    assert transaction.step(Input.RECEIVE_1XX, 0.1) == (Do.DELIVER,)

    assert [at for at, order in _run(transaction) if order is Do.SEND][:3] == [0.5, 4.5, 8.5]


@pytest.mark.parametrize("table", [INVITE_CLIENT, CLIENT])
def test_request_over_tcp_is_sent_once(table: Table) -> None:
    transaction = _make(table, TCP)
    transaction.step(Input.START, 0)

    assert list(_run(transaction)) == [(32.0, Do.TIME_OUT)]


def test_ringing_invite_waits_without_end_until_cancelled() -> None:
    """9.1: after a CANCEL, 64*T1 for the final answer."""
    transaction = _make(INVITE_CLIENT)
    transaction.step(Input.START, 0)
    transaction.step(Input.RECEIVE_1XX, 1)
    assert transaction.deadline == inf

    transaction.step(Input.CANCELLED, 60)

    assert list(_run(transaction)) == [(92.0, Do.TIME_OUT)]


def test_failed_invite_acknowledges_each_copy_and_delivers_one() -> None:
    """17.1.1.2, timer D."""
    transaction = _make(INVITE_CLIENT)
    transaction.step(Input.START, 0)

    assert transaction.step(Input.RECEIVE_FAILURE, 1) == (Do.ACKNOWLEDGE, Do.DELIVER)
    assert transaction.step(Input.RECEIVE_FAILURE, 2) == (Do.ACKNOWLEDGE,)
    assert list(_run(transaction)) == []
    assert transaction.state is State.TERMINATED


def test_accepted_invite_delivers_every_2xx_for_64_t1() -> None:
    """RFC 6026: forks and copies; failures of other forks are absorbed."""
    transaction = _make(INVITE_CLIENT)
    transaction.step(Input.START, 0)

    assert transaction.step(Input.RECEIVE_2XX, 1) == (Do.DELIVER,)
    assert transaction.step(Input.RECEIVE_2XX, 2) == (Do.DELIVER,)
    assert transaction.step(Input.RECEIVE_FAILURE, 3) == ()
    assert transaction.deadline == 33


def test_answer_is_resent_until_the_ack_and_reported_without_one() -> None:
    """SIP-12, 13.3.1.4; on TCP too."""
    for peer in (UDP, TCP):
        transaction = _make(INVITE_SERVER, peer)
        transaction.step(Input.SEND_1XX, 0)

        assert transaction.step(Input.SEND_2XX, 10) == (Do.SEND,)

        done = list(_run(transaction))
        assert [at for at, _ in done] == [10.5, 11.5, 13.5, 17.5, 21.5, 25.5, 29.5, 33.5, 37.5, 41.5, 42.0]
        assert done[-1] == (42.0, Do.TIME_OUT)


def test_acknowledged_answer_is_not_sent_again() -> None:
    transaction = _make(INVITE_SERVER)
    transaction.step(Input.SEND_2XX, 0)

    assert transaction.step(Input.RECEIVE_ACK, 1) == (Do.DELIVER,)
    assert transaction.step(Input.RECEIVE_ACK, 2) == ()
    assert transaction.step(Input.RECEIVE_REQUEST, 3) == ()
    assert list(_run(transaction)) == []


def test_refused_invite_resends_the_refusal_until_the_ack() -> None:
    """Timers G, H and I (17.2.1)."""
    transaction = _make(INVITE_SERVER)
    transaction.step(Input.SEND_FAILURE, 0)
    assert transaction.step(Input.RECEIVE_REQUEST, 0.1) == (Do.SEND,)
    assert transaction.expire(0.5) == (Do.SEND,)

    assert transaction.step(Input.RECEIVE_ACK, 1) == ()

    assert transaction.deadline == 6
    assert list(_run(transaction)) == []


def test_challenge_is_sent_again_only_when_asked_and_kept_for_t4() -> None:
    """DOS-1, DOS-3: a stranger's INVITE from a forged address must not cost memory, nor its victim eleven answers."""
    for table in (INVITE_SERVER, SERVER):
        transaction = _make(table)
        transaction.step(Input.START, 0)

        assert transaction.step(Input.SEND_CHALLENGE, 0) == (Do.SEND,)

        assert transaction.step(Input.RECEIVE_REQUEST, 1) == (Do.SEND,)
        assert transaction.deadline == 5
        assert list(_run(transaction)) == []


def test_answered_request_repeats_its_answer_for_64_t1_over_udp_only() -> None:
    """SIP-11, timer J (17.2.2)."""
    for peer, ends_at in ((UDP, 33), (TCP, 1)):
        transaction = _make(SERVER, peer)
        transaction.step(Input.START, 0)
        assert transaction.step(Input.RECEIVE_REQUEST, 0.5) == ()
        assert transaction.step(Input.SEND_2XX, 1) == (Do.SEND,)
        assert transaction.step(Input.RECEIVE_REQUEST, 1) == (Do.SEND,)
        assert transaction.deadline == ends_at


def test_request_that_its_owner_never_answers_is_forgotten() -> None:
    transaction = _make(SERVER)
    transaction.step(Input.START, 0)

    assert list(_run(transaction)) == []
    assert transaction.state is State.TERMINATED


def test_unreachable_peer_ends_a_waiting_request() -> None:
    for table in (CLIENT, INVITE_CLIENT):
        transaction = _make(table, TCP)
        transaction.step(Input.START, 0)

        assert transaction.step(Input.UNREACHABLE, 1) == (Do.FAIL,)
        assert transaction.state is State.TERMINATED


@pytest.mark.parametrize("name", TABLES)
def test_every_state_of_a_table_can_be_left_or_is_the_last(name: str) -> None:
    table = TABLES[name]
    reached = {rule.state for rules in table.values() for rule in rules.values()}

    assert reached - {State.TERMINATED} <= table.keys()
    assert State.TERMINATED in reached


@given(
    name=st.sampled_from(sorted(TABLES)),
    inputs=st.lists(st.tuples(st.sampled_from(Input), st.floats(0, 20)), max_size=30),
    reliable=st.booleans(),
)
def test_no_sequence_of_inputs_takes_a_machine_out_of_its_table(
    name: str, inputs: list[tuple[Input, float]], reliable: bool
) -> None:
    transaction = _make(TABLES[name], TCP if reliable else UDP)
    now = 0.0
    ends = 0
    for what, wait in inputs:
        now += wait
        while transaction.deadline <= now:
            ends += sum(order in (Do.TIME_OUT, Do.FAIL) for order in transaction.expire(transaction.deadline))
        ends += sum(order in (Do.TIME_OUT, Do.FAIL) for order in transaction.step(what, now))

    assert transaction.state in TABLES[name] or transaction.state is State.TERMINATED
    assert ends <= 1
    if transaction.state is State.TERMINATED:
        assert transaction.step(Input.RECEIVE_2XX, now) == ()
