"""All patterns of an organization, so that the one which takes a call is found without trying each.

The heads of the patterns stand in two tries: those that may begin anywhere in what was dialled, and those that are only
looked for at its start. One walk finds the candidates; they are tried in order. Patterns without a head are always
candidates. Measured in `bench/patterns.py`.
"""

import heapq
from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import NumberId
from dialplane.domain.pattern_heads import Head, heads_of
from dialplane.domain.patterns import Matcher, Pattern, is_dialled

_Rank = tuple[bool, int, datetime, NumberId]


class _Entry:
    """A pattern in the index, compiled when it is first tried: most never are."""

    __slots__ = ("_matcher", "heads", "pattern")

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.heads = heads_of(pattern.text, anchored=pattern.anchored)
        self._matcher: Matcher | None = None

    def takes(self, subjects: Sequence[str]) -> bool:
        if self._matcher is None:
            try:
                self._matcher = Matcher(self.pattern.text, anchored=self.pattern.anchored)
            except Invalid:
                return False  # one bad row never disables the others
        return any(map(self._matcher.matches, subjects))


_Candidate = tuple[_Rank, _Entry, int | None]
"""With its rank, and what its head needs (`Head.needs`)."""
_rank_of = itemgetter(0)


class _Node(dict[str, "_Node"]):
    """A place in a trie: the next characters, and whose heads end here."""

    __slots__ = ("candidates",)

    def __init__(self) -> None:
        self.candidates: list[_Candidate] = []


class Hit(NamedTuple):
    """The pattern that takes what was dialled."""

    pattern: Pattern
    tried: tuple[Pattern, ...] = ()
    """Those that came before and did not match, though they looked like it."""


class PatternIndex:
    """Mutable; one for each organization of a process."""

    def __init__(self, patterns: Iterable[Pattern] = ()) -> None:
        self._anywhere = _Node()
        self._at_start = _Node()
        self._headless: list[_Candidate] = []
        self._entries: dict[NumberId, _Entry] = {}
        self._broken: dict[NumberId, Pattern] = {}
        for pattern in patterns:
            self.put(pattern)

    def __len__(self) -> int:
        return len(self._entries) + len(self._broken)

    def put(self, pattern: Pattern) -> None:
        """Add it, or write it over the one of the same id. What is no pattern is kept and never matches."""
        self.remove(pattern.number_id)
        try:
            entry = _Entry(pattern)
        except Invalid:
            self._broken[pattern.number_id] = pattern
            return
        self._entries[pattern.number_id] = entry
        rank = pattern.rank
        if entry.heads is None:
            insort(self._headless, (rank, entry, None), key=_rank_of)
            return
        for head in entry.heads:
            node = self._root(head)
            for character in head.text:
                after = node.get(character)
                if after is None:
                    after = node[character] = _Node()
                node = after
            insort(node.candidates, (rank, entry, head.needs), key=_rank_of)

    def remove(self, number_id: NumberId) -> None:
        """Nothing happens where it is not there."""
        self._broken.pop(number_id, None)
        entry = self._entries.pop(number_id, None)
        if entry is None:
            return
        if entry.heads is None:
            self._headless = [each for each in self._headless if each[1] is not entry]
            return
        for head in entry.heads:
            _take_out(self._root(head), head.text, entry)

    def find(self, subjects: Sequence[str]) -> Hit | None:
        """The pattern of the lowest rank that matches one of `subjects`: what was dialled, and its other forms."""
        if not self._entries or not is_dialled(subjects[0]):
            return None
        candidates = self._candidates(subjects)
        ordered: Iterable[_Candidate] = candidates
        if self._headless:
            ordered = heapq.merge(sorted(candidates, key=_rank_of), self._headless, key=_rank_of)
        elif len(candidates) > 1:
            candidates.sort(key=_rank_of)
        tried: list[Pattern] = []
        for _, entry, needs in ordered:
            if needs is not None or entry.takes(subjects):
                return Hit(entry.pattern, tuple(tried))
            tried.append(entry.pattern)
        return None

    def in_order(self) -> Iterator[Pattern]:
        """All of them, as they are tried; the broken ones too."""
        patterns = [entry.pattern for entry in self._entries.values()]
        return iter(sorted([*patterns, *self._broken.values()], key=lambda pattern: pattern.rank))

    def _root(self, head: Head) -> _Node:
        return self._at_start if head.at_start else self._anywhere

    def _candidates(self, subjects: Sequence[str]) -> list[_Candidate]:
        found: list[_Candidate] = []
        if self._at_start:
            for subject in subjects:
                _walk(self._at_start, subject, 1, found)
        if self._anywhere:
            # `16508251255` stands in `+16508251255`: the longest form nearly always holds all others.
            longest = max(subjects, key=len)
            for subject in subjects:
                if subject is longest or subject not in longest:
                    _walk(self._anywhere, subject, len(subject), found)
        return found


def _walk(root: _Node, text: str, starts: int, found: list[_Candidate]) -> None:
    """Add the candidates whose head stands in `text`, at one of its first `starts` places.

    Long for a function, and flat on purpose: it is where a route's time goes.
    """
    for _ in range(starts):
        node: _Node | None = root
        left = len(text)
        for character in text:
            if (node := node.get(character)) is None:  # type: ignore[union-attr]  # it is one while the loop goes on
                break
            left -= 1
            if node.candidates:
                for candidate in node.candidates:
                    needs = candidate[2]
                    if needs is None or needs <= left:
                        found.append(candidate)
        text = text[1:]


def _take_out(node: _Node, text: str, entry: _Entry) -> None:
    """Remove the entry from the end of `text`, and every place on the way that leads nowhere then."""
    path = [node]
    for character in text:
        path.append(path[-1][character])
    path[-1].candidates = [each for each in path[-1].candidates if each[1] is not entry]
    for above, character, below in zip(path[-2::-1], reversed(text), reversed(path[1:]), strict=True):
        if below or below.candidates:
            return
        del above[character]
