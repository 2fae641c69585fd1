"""Our end of ICE: who is answered, and where audio goes then (RFC 8445)."""

import pytest

from dialplane.ice.lite import MOST_PATHS, LiteAgent
from dialplane.ice.stun import BINDING_ERROR, BINDING_REQUEST, BINDING_SUCCESS, Attribute, StunMessage, build

PASSWORD = b"a password of two dozen"
HERE = ("192.0.2.7", 40_000)
THERE = ("198.51.100.9", 50_000)


@pytest.fixture
def agent() -> LiteAgent:
    return LiteAgent("ours", PASSWORD.decode())


def check(*more: tuple[int, bytes], user: bytes = b"ours:theirs", password: bytes = PASSWORD) -> bytes:
    return build(BINDING_REQUEST, b"123456789012", [(Attribute.USERNAME, user), *more], password)


def kind_of(answer: bytes | None) -> int | None:
    return None if answer is None else StunMessage.parse(answer).kind


def test_a_check_with_our_credentials_is_answered_and_opens_the_way(agent: LiteAgent) -> None:
    answer = agent.receive(check((Attribute.PRIORITY, b"\0\0\0\1")), HERE)

    assert answer is not None
    assert StunMessage.parse(answer).is_signed(PASSWORD)
    assert kind_of(answer) == BINDING_SUCCESS
    assert agent.is_known(HERE)
    assert agent.selected == HERE


@pytest.mark.parametrize(
    "forged",
    [
        check(user=b"another:theirs"),
        check(user=b"ours"),
        check(user=b""),
        check(password=b"guessed"),
        b"\0\1\0\0" + b"\x21\x12\xa4\x42" + b"1" * 12,
        b"\0" * 60,
        build(BINDING_SUCCESS, b"1" * 12, [(Attribute.USERNAME, b"ours:theirs")], PASSWORD),
    ],
)
def test_a_stranger_gets_no_answer_and_no_way(agent: LiteAgent, forged: bytes) -> None:
    """RTP-1: silence, so that nobody learns what is here or is sent anything by a forged source."""
    assert agent.receive(forged, HERE) is None
    assert not agent.is_known(HERE)
    assert agent.selected is None


def test_the_nominated_address_is_chosen_whichever_came_first(agent: LiteAgent) -> None:
    agent.receive(check(), HERE)
    agent.receive(check((Attribute.USE_CANDIDATE, b"")), THERE)
    agent.receive(check(), HERE)

    assert agent.selected == THERE


def test_after_a_restart_only_the_new_credentials_count(agent: LiteAgent) -> None:
    agent.receive(check(), HERE)

    agent.restart("new", "another password, as long")

    assert agent.receive(check(), THERE) is None
    assert agent.selected == HERE
    agent.receive(check((Attribute.USE_CANDIDATE, b""), user=b"new:x", password=b"another password, as long"), THERE)
    assert agent.selected == THERE


def test_an_end_that_will_not_choose_is_told(agent: LiteAgent) -> None:
    """RFC 8445 7.3.1.1: one of both must be controlling, and a lite end cannot."""
    answer = agent.receive(check((Attribute.ICE_CONTROLLED, b"12345678")), HERE)

    assert kind_of(answer) == BINDING_ERROR
    assert agent.selected is None


def test_what_must_be_understood_and_is_not_is_named(agent: LiteAgent) -> None:
    answer = agent.receive(check((0x7F00, b"1234")), HERE)

    assert answer is not None
    assert StunMessage.parse(answer).value(Attribute.UNKNOWN_ATTRIBUTES) == b"\x7f\x00"


def test_the_paths_of_a_party_are_bounded_and_the_chosen_one_stays(agent: LiteAgent) -> None:
    agent.receive(check((Attribute.USE_CANDIDATE, b"")), HERE)
    for port in range(1, 3 * MOST_PATHS):
        agent.receive(check(), (THERE[0], port))

    assert agent.selected == HERE
    assert agent.is_known(HERE)
    assert not agent.is_known((THERE[0], 1))
