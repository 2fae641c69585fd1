"""What differs between two lists of actions, for people: which steps came, went, moved or say something else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

Action = Mapping[str, object]
"""In its JSON form."""


class Change(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"
    """What it says; it may have moved too."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    path: str
    """Such as `option.text`."""
    old: object
    """None: it was not there."""
    new: object


@dataclass(frozen=True, slots=True)
class Difference:
    change: Change
    action: Action
    """As it is now; as it was, where it went."""
    old_position: int | None
    """Counted from 1."""
    new_position: int | None
    fields: tuple[FieldChange, ...] = ()


def compare_actions(old: Sequence[Action], new: Sequence[Action]) -> list[Difference]:
    """In the order of the new list; what went stands where it was before."""
    partners = _partners(old, new)
    stays = _in_order([partners[at] for at in range(len(new)) if at in partners])
    found = [_difference(old, new, at, partners.get(at), stays) for at in range(len(new))]
    gone = sorted(set(range(len(old))) - set(partners.values()))
    for at in reversed(gone):
        following = min((new_at for new_at, old_at in partners.items() if old_at > at), default=len(new))
        found.insert(following, Difference(Change.REMOVED, old[at], at + 1, None))
    return found


def _difference(
    old: Sequence[Action], new: Sequence[Action], at: int, partner: int | None, stays: frozenset[int]
) -> Difference:
    if partner is None:
        return Difference(Change.ADDED, new[at], None, at + 1)
    fields = tuple(_field_changes(old[partner], new[at]))
    change = Change.CHANGED if fields else Change.SAME if partner in stays else Change.MOVED
    return Difference(change, new[at], partner + 1, at + 1, fields)


def _partners(old: Sequence[Action], new: Sequence[Action]) -> dict[int, int]:
    """Where each new action was before: by id, else, where a flow was written anew without ids, by type and order."""
    places = {str(action.get("id", "")).lower(): at for at, action in enumerate(old) if action.get("id")}
    found: dict[int, int] = {}
    for at, action in enumerate(new):
        was = places.pop(str(action.get("id", "")).lower(), None)
        if was is not None:
            found[at] = was
    lost = sorted(set(range(len(old))) - set(found.values()))
    fresh = [at for at in range(len(new)) if at not in found]
    kinds = SequenceMatcher(None, [old[at].get("type") for at in lost], [new[at].get("type") for at in fresh], False)
    for block in kinds.get_matching_blocks():
        for step in range(block.size):
            found[fresh[block.b + step]] = lost[block.a + step]
    return found


def _in_order(old_positions: Sequence[int]) -> frozenset[int]:
    """The longest part that kept its order: those outside it have moved."""
    matcher = SequenceMatcher(None, sorted(old_positions), old_positions, False)
    blocks = matcher.get_matching_blocks()
    return frozenset(old_positions[block.b + step] for block in blocks for step in range(block.size))


def _field_changes(old: Action, new: Action) -> Iterator[FieldChange]:
    yield from _changes_in("", {**old, "id": None}, {**new, "id": None})


def _changes_in(path: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        where = f"{path}.{name}" if path else name
        if isinstance(before or {}, dict) and isinstance(after or {}, dict) and (before or after):
            yield from _changes_in(where, _object(before), _object(after))
        elif before != after:
            yield FieldChange(where, before, after)


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
