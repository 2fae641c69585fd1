"""Where a reader of the event feed is, so that nothing is lost and nothing comes twice.

Events get growing numbers before their transaction commits, so one may become visible after another with a higher
number. The feed is therefore read in *windows* of transactions that are all over: from `begin` up to the oldest one
that was still going on when the window was opened. Within a window, events come by their numbers.
"""

from dataclasses import dataclass, replace

from dialplane.domain.errors import Invalid

_FIELDS = 6
_LARGEST = 2**63
_MARGIN = 1_000
"""A number may be drawn a moment before its transaction is given its own."""
_LOOK_BACK = 10_000
"""Numbers that transactions may have drawn which were going on when the first window was opened."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What the store says of itself: the oldest transaction that goes on, the next one that will begin, and the last
    number drawn before."""

    oldest: int
    following: int
    number: int


@dataclass(frozen=True, slots=True)
class FeedCursor:
    """A place in the feed. What `parse` reads, `str` writes; to clients it is a word without a meaning."""

    begin: int
    end: int
    """The window's transactions: begin ≤ … < end. Where they are equal, the next window is to be opened."""
    number: int
    """Events up to this number are passed in the window."""
    floor: int
    """No event of the next window has a number up to this one."""
    seen_following: int
    """From this transaction on, … """
    seen_number: int
    """… every number is higher than this one."""

    @classmethod
    def first(cls) -> "FeedCursor":
        """Before everything."""
        return cls(0, 0, 0, 0, 0, 0)

    @classmethod
    def newest(cls, moment: Moment) -> "FeedCursor":
        """What becomes visible from now on."""
        floor = max(0, moment.number - _LOOK_BACK)
        return cls(moment.oldest, moment.oldest, floor, floor, moment.following, _lowered(moment.number))

    @classmethod
    def parse(cls, text: str) -> "FeedCursor":
        """Raises Invalid."""
        try:
            numbers = [int(part, 16) for part in text.split("-")]
        except ValueError:
            numbers = []
        if len(numbers) != _FIELDS or not all(0 <= number < _LARGEST for number in numbers):
            raise Invalid("after is no cursor of the feed", field="after")
        return cls(*numbers)

    def __str__(self) -> str:
        parts = (self.begin, self.end, self.number, self.floor, self.seen_following, self.seen_number)
        return "-".join(f"{part:x}" for part in parts)

    @property
    def is_open(self) -> bool:
        return self.begin < self.end

    def opened(self, moment: Moment) -> "FeedCursor":
        """In its window; a new one where the last is read. Raises Invalid where it is of another store's life."""
        if self.begin > moment.oldest or self.end > moment.oldest:
            raise Invalid("after is no cursor of this feed any more", field="after")
        if self.is_open:
            return self
        # What was seen when nothing older than it went on holds for every window from then on.
        holds = moment.oldest >= self.seen_following
        return FeedCursor(
            self.begin,
            moment.oldest,
            self.floor,
            self.seen_number if holds else self.floor,
            moment.following if holds else self.seen_following,
            _lowered(moment.number) if holds else self.seen_number,
        )

    def passed(self, number: int) -> "FeedCursor":
        return replace(self, number=number)

    def closed(self) -> "FeedCursor":
        """Its window is read to the end."""
        return replace(self, begin=self.end, number=self.floor)


def _lowered(number: int) -> int:
    return max(0, number - _MARGIN)
