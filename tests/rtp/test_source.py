"""Who may send (RTP-1)."""

from dialplane.rtp.source import SourceLock

SDP = ("192.0.2.1", 4_000)
SAME_HOST = ("192.0.2.1", 61_000)
ELSEWHERE = ("198.51.100.9", 4_000)
STRANGER = ("203.0.113.5", 9_999)


def test_address_of_the_sdp_is_final_with_its_first_packet() -> None:
    lock = SourceLock(SDP, 0.0)

    assert lock.accept(SDP, 0.1)
    assert lock.is_settled
    assert not lock.accept(STRANGER, 0.2)


def test_first_other_source_is_taken_and_final_after_three_seconds() -> None:
    lock = SourceLock(SDP, 0.0)

    assert lock.accept(ELSEWHERE, 0.1)
    assert not lock.accept(STRANGER, 0.2)
    assert lock.source == ELSEWHERE
    assert not lock.is_settled
    assert lock.accept(ELSEWHERE, 3.0)
    assert not lock.accept(SDP, 3.1)


def test_address_of_the_sdp_displaces_an_earlier_source_within_three_seconds() -> None:
    lock = SourceLock(SDP, 0.0)
    lock.accept(STRANGER, 0.1)

    assert lock.accept(SAME_HOST, 0.2)
    assert not lock.accept(STRANGER, 0.3)
    assert lock.accept(SDP, 2.9)
    assert not lock.accept(SAME_HOST, 2.95)


def test_nobody_but_the_sdps_address_is_taken_when_three_seconds_brought_nothing() -> None:
    lock = SourceLock(SDP, 0.0)

    assert not lock.accept(ELSEWHERE, 3.0)
    assert lock.accept(SDP, 60.0)
