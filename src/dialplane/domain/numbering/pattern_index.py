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
from dialplane.domain.numbering.pattern_heads import Head, heads_of
from dialplane.domain.numbering.patterns import Matcher, Pattern, is_dialled

_Rank = tuple[bool, int, datetime, NumberId]


_FIRST = 2
"""Characters that a head has at least, to be looked for anywhere."""


class _Entry:
    """A pattern in the index, compiled when it is first tried: most never are."""

    __slots__ = ("_matcher", "heads", "pattern")

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        heads = heads_of(pattern.text, anchored=pattern.anchored)
        if heads and any(len(head.text) < _FIRST and not head.at_start for head in heads):
            heads = None
        self.heads = heads
        """None where they are of no use: it is always tried."""
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
        self._anywhere: dict[str, _Node] = {}
        """By the first two characters of the heads: most places of a number are dismissed with one look."""
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
            node, rest = self._root(head)
            for character in rest:
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
            root, rest = self._root(head)
            _take_out(root, rest, entry)
            if not head.at_start and not root and not root.candidates:
                self._anywhere.pop(head.text[:_FIRST], None)

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

    def _root(self, head: Head) -> tuple[_Node, str]:
        """Where the head's way begins, and what of the head is still to go."""
        if head.at_start:
            return self._at_start, head.text
        first = head.text[:_FIRST]
        return self._anywhere.setdefault(first, _Node()), head.text[_FIRST:]

    def _candidates(self, subjects: Sequence[str]) -> list[_Candidate]:
        """All whose head stands where it must. Nearly all of a route's time goes here."""
        found: list[_Candidate] = []
        at_start, first_of = self._at_start, self._anywhere.get
        for subject in subjects:
            if subject[:1] in at_start:
                _walk(at_start, subject, found)
        if not self._anywhere:
            return found
        longest = subjects[-1] if len(subjects[-1]) > len(subjects[0]) else subjects[0]
        for subject in subjects:
            if subject is not longest and subject in longest:
                continue  # `16508251255` stands in `+16508251255`: one form nearly always holds all others
            for at in range(len(subject) - 1):
                node = first_of(subject[at : at + _FIRST])
                if node is not None:
                    _walk(node, subject[at + _FIRST :], found)
        return found


def _walk(node: _Node, text: str, found: list[_Candidate]) -> None:
    """Add the candidates on the way that `text` goes from `node`."""
    left = len(text)
    if node.candidates:
        _add(node.candidates, left, found)
    for character in text:
        after = node.get(character)
        if after is None:
            return
        node = after
        left -= 1
        if node.candidates:
            _add(node.candidates, left, found)


def _add(candidates: list[_Candidate], left: int, found: list[_Candidate]) -> None:
    """Those whose head is followed by enough characters."""
    for candidate in candidates:
        needs = candidate[2]
        if needs is None or needs <= left:
            found.append(candidate)


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
