"""The cursor of the event feed, against a store that commits its transactions in any order."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplane.domain.errors import Invalid
from dialplane.domain.eventing.feed_cursors import FeedCursor, Moment


@dataclass
class Outbox:
    """Transactions that draw numbers while they go on, and show them when they are over."""

    following: int = 1
    number: int = 0
    going_on: dict[int, list[int]] = field(default_factory=dict)
    shown: dict[int, int] = field(default_factory=dict)
    """Transactions by number."""

    def begin(self) -> None:
        self.going_on[self.following] = []
        self.following += 1

    def draw(self, choice: int) -> None:
        if self.going_on:
            self.number += 1
            self.going_on[sorted(self.going_on)[choice % len(self.going_on)]].append(self.number)

    def commit(self, choice: int) -> None:
        if self.going_on:
            xid = sorted(self.going_on)[choice % len(self.going_on)]
            self.shown |= dict.fromkeys(self.going_on.pop(xid), xid)

    @property
    def moment(self) -> Moment:
        return Moment(min(self.going_on, default=self.following), self.following, self.number)

    def read(self, text: str, limit: int) -> tuple[list[int], str]:
        cursor = FeedCursor.parse(text).opened(self.moment)
        found = sorted(n for n, xid in self.shown.items() if cursor.begin <= xid < cursor.end and n > cursor.number)
        if len(found) > limit:
            return found[:limit], str(cursor.passed(found[limit - 1]))
        return found, str(cursor.closed())


STEPS = st.lists(st.tuples(st.sampled_from(["begin", "draw", "commit", "read"]), st.integers(0, 50)), max_size=80)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_every_event_is_read_once_whatever_the_order_of_commits(steps: list[tuple[str, int]]) -> None:
    outbox, cursor, got = Outbox(), str(FeedCursor.first()), []
    for step, choice in steps:
        match step:
            case "begin":
                outbox.begin()
            case "draw":
                outbox.draw(choice)
            case "commit":
                outbox.commit(choice)
            case _:
                events, cursor = outbox.read(cursor, 1 + choice % 4)
                got += events
    while outbox.going_on:
        outbox.commit(0)
    for _ in range(outbox.number + 2):
        events, cursor = outbox.read(cursor, 10)
        got += events

    assert sorted(got) == sorted(outbox.shown)


@pytest.mark.parametrize("text", ["", "x", "1-2-3", "1-2-3-4-5--6", "-".join(["f" * 40] * 6), "0x1-0-0-0-0-" + "é"])
def test_word_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        FeedCursor.parse(text)


def test_cursor_of_a_later_life_of_the_store_is_refused() -> None:
    with pytest.raises(Invalid):
        FeedCursor(900, 900, 0, 0, 900, 0).opened(Moment(5, 6, 1))
