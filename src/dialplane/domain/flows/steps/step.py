"""One action on its way: its options, what it may look at, and what may come of it."""

from dataclasses import field
from datetime import datetime
from typing import TypeVar, cast, get_args
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.flows.action import Action
from dialplane.domain.flows.catalogue import CATALOGUE
from dialplane.domain.flows.options import OptionFault
from dialplane.domain.flows.variables import Variables
from dialplane.domain.programs import commands
from dialplane.domain.programs.commands import Command
from dialplane.domain.values import dataclass

DIGITS = "voipbin.call.digits"
END_KEY = "voipbin.call.digits_end_key"
"""The key that ended the digits; "" where none did."""

_ANONYMOUS: tuple[commands.Anonymous, ...] = get_args(commands.Anonymous)

T = TypeVar("T")


class StepFault(Exception):
    """The action failed; the machine knows whether that ends the run."""


@dataclass(frozen=True, slots=True)
class GoOn:
    """To the next action; `why` tells what was done or decided, `warning` what the author should know of it."""

    why: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class GoTo:
    """To the action `target`."""

    target: UUID
    why: str = ""


@dataclass(frozen=True, slots=True)
class Leave:
    """Out of the list that the action stands in."""


@dataclass(frozen=True, slots=True)
class Enter:
    """Into a list of actions, which is still to be validated; then on after this action."""

    actions: object


Outcome = Command | GoOn | GoTo | Leave | Enter


class Options:
    """An action's options, read and with defaults in place; the getters say the type that the catalogue gave."""

    def __init__(self, values: dict[str, object]) -> None:
        self._values = values

    def _get(self, name: str, kind: type[T]) -> T:
        value = self._values[name]
        if not isinstance(value, kind):
            raise StepFault(f"option.{name} is missing")
        return value

    def text(self, name: str) -> str:
        return self._get(name, str)

    def whole(self, name: str) -> int:
        return self._get(name, int)

    def number(self, name: str) -> float:
        return self._get(name, float)

    def flag(self, name: str) -> bool:
        return self._get(name, bool)

    def items(self, name: str, kind: type[T]) -> tuple[T, ...]:
        return tuple(item for item in self._get(name, tuple) if isinstance(item, kind))

    def table(self, name: str) -> dict[str, object]:
        return self._get(name, dict)

    def find_id(self, name: str) -> UUID | None:
        return cast("UUID | None", self._values[name])  # what `Id` and `Jump` read, and their default

    def find_party(self, name: str) -> Address | None:
        return cast("Address | None", self._values[name])  # what `Party` reads, and its default


@dataclass(slots=True)
class Step:
    """One action on its way, with what it may look at and change."""

    action: Action
    """As written: a variable's name is read from here, before substitution."""
    options: Options
    variables: Variables
    now: datetime
    jumps_made: dict[UUID, int] = field(default_factory=dict)
    """How often each `goto` has jumped."""


def read_options(action: Action, substituted: dict[str, object]) -> Options:
    """The options as the action runs with them.

    Raises StepFault naming the option that is out of its limits now.
    """
    values: dict[str, object] = {}
    for name, option in CATALOGUE[action.type].options.items():
        value = substituted.get(name)
        if value is None:
            if option.required:
                raise StepFault(f"option.{name} is missing")
            values[name] = option.default
            continue
        try:
            values[name] = option.kind.read(value, name, running=True)
        except OptionFault as fault:
            raise StepFault(f"option.{fault}") from None
    return Options(values)


def anonymous(options: Options) -> commands.Anonymous:
    return literal(options.text("anonymous"), _ANONYMOUS, "")


def literal(text: str, known: tuple[T, ...], default: T) -> T:
    """`text` as one of the literals that it was checked to be."""
    return next((word for word in known if word == text), default)
