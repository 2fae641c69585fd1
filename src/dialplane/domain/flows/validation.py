"""Flows are checked when they are written, so that a fault is told to the author and not to a caller.

Each refusal names the action (its index, type and id) and the field (`actions[2].option.duration`).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.action import PLACES, Action
from dialplane.domain.flows.catalogue import CATALOGUE, ActionType
from dialplane.domain.flows.options import Actions, Id, Jump, OptionFault, jumps, read_option
from dialplane.domain.ids import NIL, find_uuid
from dialplane.domain.programs.commands import Medium

MAX_ACTIONS = 1000
"""In one flow, nested lists included."""
MAX_TEXT = 1024 * 1024
"""Characters of all texts of a flow's actions."""
MAX_DEPTH = 32
"""Objects and lists within each other."""
MAX_VALUES = 100_000

MAX_NESTING = 4
"""Lists of actions within actions."""


def validate_actions(raw: object, *, outer_ids: Collection[UUID] = (), path: str = "actions") -> tuple[Action, ...]:
    """The actions that `raw` (decoded JSON) describes; those without an id get one.

    `outer_ids` are actions outside this list that a jump may name as well (a fetched list is run inside another).
    Raises Invalid with reason INVALID_ACTION_TYPE, INVALID_ANONYMOUS_VALUE or INVALID_ARGUMENT, and `field`.
    """
    _check_size(raw, path)
    counter = _Counter()
    return _validate_list(raw, frozenset(outer_ids), path, counter, nesting=0)


def find_faults(raw: object, *, path: str = "actions") -> list[Invalid]:
    """Everything that `validate_actions` would refuse, one fault an action at most; empty where it takes it."""
    faults: list[Invalid] = []
    try:
        _check_size(raw, path)
        _validate_list(raw, frozenset(), path, _Counter(faults=faults), nesting=0)
    except Invalid as refusal:
        faults.append(refusal)
    return faults


def check_draft(raw: object, *, path: str = "actions") -> None:
    """Whether `raw` is a list that may be kept while it is being written: whatever its actions say, of bounded size.

    Raises Invalid.
    """
    _check_size(raw, path)
    if not isinstance(raw, list) or len(raw) > MAX_ACTIONS:
        raise Invalid(f"{path} must be a list of at most {MAX_ACTIONS} actions", reason="INVALID_ARGUMENT", field=path)


def check_medium(actions: Collection[Action], medium: Medium, *, path: str = "actions") -> None:
    """Refuse actions that a run on `medium` would skip.

    Raises Invalid naming the first such action.
    """
    for index, action in enumerate(actions):
        suits = CATALOGUE[action.type].suits
        if not suits.allows(medium):
            where = _Where(f"{path}[{index}]", str(index), action.type, str(action.id))
            what = "needs a call" if medium is not Medium.CALL else "does not run on a call"
            raise where.refuse(f"{what} and cannot be used in a {medium.value} flow", field="type")


@dataclass(frozen=True, slots=True)
class _Where:
    """The action that a refusal speaks of."""

    path: str
    index: str
    type: str = ""
    id: str = ""

    def refuse(self, text: str, *, field: str = "", reason: str = "INVALID_ARGUMENT") -> Invalid:
        named = ", ".join(part for part in (self.type, self.id and f"id {self.id}") if part)
        subject = f"action {self.index} ({named})" if named else f"action {self.index}"
        return Invalid(
            f"{subject} {text}",
            reason=reason,
            field=f"{self.path}.{field}" if field else self.path,
            details=({"action_index": self.index, "action_type": self.type, "action_id": self.id},),
        )


@dataclass(slots=True)
class _Counter:
    """What is known of the whole while its lists are looked at."""

    actions: int = 0
    faults: list[Invalid] | None = None
    """Where refusals are gathered; None: the first one ends the check."""

    def note(self, refusal: Invalid) -> None:
        """Raises `refusal` where none are gathered."""
        if self.faults is None:
            raise refusal
        self.faults.append(refusal)


def _check_size(raw: object, path: str) -> None:
    """Bound the whole before anything walks it by recursion."""
    text = values = 0
    waiting: list[tuple[object, int]] = [(raw, 1)]
    while waiting:
        value, depth = waiting.pop()
        values += 1
        text += len(value) if isinstance(value, str) else 0
        if depth > MAX_DEPTH or values > MAX_VALUES or text > MAX_TEXT:
            raise Invalid(
                f"{path} is too large: at most {MAX_TEXT} characters, {MAX_VALUES} values, {MAX_DEPTH} levels",
                reason="INVALID_ARGUMENT",
                field=path,
            )
        if isinstance(value, dict):
            text += sum(len(name) for name in value if isinstance(name, str))
            waiting.extend((item, depth + 1) for item in value.values())
        elif isinstance(value, list):
            waiting.extend((item, depth + 1) for item in value)


def _validate_list(
    raw: object, outer_ids: frozenset[UUID], path: str, counter: _Counter, *, nesting: int
) -> tuple[Action, ...]:
    if not isinstance(raw, list):
        raise Invalid(f"{path} must be a list of actions", reason="INVALID_ARGUMENT", field=path)
    counter.actions += len(raw)
    if counter.actions > MAX_ACTIONS:
        raise Invalid(f"{path} must have at most {MAX_ACTIONS} actions", reason="INVALID_ARGUMENT", field=path)
    wheres = [_Where(f"{path}[{index}]", str(index)) for index in range(len(raw))]
    read: list[tuple[Action, _Where]] = []
    for item, where in zip(raw, wheres, strict=True):
        try:
            action = _read_action(item, where)
            read.append((action, _Where(where.path, where.index, action.type, str(action.id))))
        except Invalid as refusal:
            counter.note(refusal)
    known = _check_unique(read, counter) | _ids_as_written(raw, counter) | outer_ids | PLACES
    for action, where in read:
        try:
            _check_action(action, where, known, counter, nesting)
        except Invalid as refusal:
            counter.note(refusal)
    return tuple(action for action, _ in read)


def _ids_as_written(raw: list[object], counter: _Counter) -> frozenset[UUID]:
    """Also of actions that are refused: where all faults are told, a jump to one of those is none."""
    if counter.faults is None:
        return frozenset()
    written = (str(item.get("id")) for item in raw if isinstance(item, dict))
    return frozenset(found for text in written if (found := find_uuid(text)) is not None)


def _read_action(raw: object, where: _Where) -> Action:
    if not isinstance(raw, dict):
        raise where.refuse("must be an object")
    name = raw.get("type")
    if not isinstance(name, str) or not name:
        raise where.refuse("has no type", field="type", reason="INVALID_ACTION_TYPE")
    where = _Where(where.path, where.index, name[:64])
    known = CATALOGUE.get(name)
    if known is None:
        raise where.refuse("is of an unknown type", field="type", reason="INVALID_ACTION_TYPE")
    option = raw.get("option")
    if option is not None and not isinstance(option, dict):
        raise where.refuse("has an option that is not an object", field="option")
    own = _read_id(raw, "id", where)
    if own in PLACES:
        raise where.refuse("has an id that is reserved", field="id")
    return Action(own or uuid4(), name, option or {}, _read_id(raw, "next_id", where))


def _read_id(raw: dict[str, object], name: str, where: _Where) -> UUID | None:
    value = raw.get(name)
    try:
        return None if value is None else Id().read(value, name, running=False)
    except OptionFault as fault:
        raise where.refuse(f"has a wrong {name}: it {fault.text}", field=name) from None


def _check_unique(read: list[tuple[Action, _Where]], counter: _Counter) -> frozenset[UUID]:
    seen: set[UUID] = set()
    for action, where in read:
        if action.id in seen:
            counter.note(where.refuse("has an id that another action has too", field="id"))
        seen.add(action.id)
    return frozenset(seen)


def _check_action(action: Action, where: _Where, known: frozenset[UUID], counter: _Counter, nesting: int) -> None:
    if action.next_id is not None and action.next_id not in known:
        raise where.refuse(f"goes on at {action.next_id}, which is no action of this flow", field="next_id")
    kinds = CATALOGUE[action.type]
    for name, target in _check_options(action, kinds, where):
        if target not in known:
            raise where.refuse(f"jumps to {target}, which is no action of this flow", field=f"option.{name}")
    _check_together(action, kinds, where)
    for name, option in kinds.options.items():
        nested = action.option.get(name)
        if isinstance(option.kind, Actions) and isinstance(nested, list):
            if nesting == MAX_NESTING:
                raise where.refuse("holds actions too deep within each other", field=f"option.{name}")
            _validate_list(nested, frozenset(), f"{where.path}.option.{name}", counter, nesting=nesting + 1)


def _check_options(action: Action, kinds: ActionType, where: _Where) -> Iterator[tuple[str, UUID]]:
    """Read every option as far as it is known now; yields where it jumps."""
    for name, option in kinds.options.items():
        value = action.option.get(name)
        if value is None:
            if option.required:
                raise where.refuse(f"needs option.{name}", field=f"option.{name}")
            continue
        try:
            read = read_option(option.kind, value, name, running=False)
        except OptionFault as fault:
            raise where.refuse(f"option.{fault}", field=f"option.{fault.at}", reason=fault.reason) from None
        if read is None and option.required and not isinstance(option.kind, Jump):  # a jump to nil is a place
            raise where.refuse(f"needs option.{name}", field=f"option.{name}")
        yield from jumps(option.kind, read, name)


def _check_together(action: Action, kinds: ActionType, where: _Where) -> None:
    if kinds.check is None:
        return
    try:
        kinds.check(action.option)
    except OptionFault as fault:
        raise where.refuse(f"option.{fault}", field=f"option.{fault.at}", reason=fault.reason) from None


def known_ids(actions: Collection[Action]) -> frozenset[UUID]:
    """The ids of `actions`, for `outer_ids`."""
    return frozenset(action.id for action in actions) - {NIL}
