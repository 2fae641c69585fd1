"""Variables of a run: `${name}` in any text of any option (reference 3.6). Substitution only: no defaults, no filters.

What a value holds is never looked at again, so a caller's text cannot name another variable.
"""

import json
import re
from collections.abc import Mapping

from dialplane.domain.errors import Invalid

OWN_PREFIX = "voipbin."
"""Names that only the platform sets."""

REFERENCE_DATA = "voipbin.flow.reference_data"

MAX_BYTES = 256 * 1024
"""All names and values of one run together."""

MAX_START_KEYS = 100
MAX_START_BYTES = 64 * 1024
MAX_START_VALUE_BYTES = 32 * 1024

MAX_SUBSTITUTED = 256 * 1024
"""Characters that the texts of one action may have after substitution; else a few references to a long value would
fill the memory."""

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")


class VariableFault(Exception):
    """A variable that cannot be set, or an option too long after substitution."""


def check_start_variables(raw: object) -> dict[str, str]:
    """The variables that a client starts a run with; names of our own are left out.

    Raises Invalid (`INVALID_VARIABLES`) where they are no texts, too many or too long.
    """
    if raw is None:
        return {}
    if not isinstance(raw, dict) or not all(isinstance(part, str) for item in raw.items() for part in item):
        raise _refused("variables must be an object of strings")
    if len(raw) > MAX_START_KEYS:
        raise _refused(f"variables must have at most {MAX_START_KEYS} keys")
    if any(_size(value) > MAX_START_VALUE_BYTES for value in raw.values()):
        raise _refused(f"the value of a variable must have at most {MAX_START_VALUE_BYTES} bytes")
    if sum(_size(name) + _size(value) for name, value in raw.items()) > MAX_START_BYTES:
        raise _refused(f"variables must have at most {MAX_START_BYTES} bytes in all")
    return {name: value for name, value in raw.items() if not name.startswith(OWN_PREFIX)}


def _refused(text: str) -> Invalid:
    return Invalid(text, reason="INVALID_VARIABLES", field="variables")


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


class Variables:
    """The variables of one run."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = dict(values or {})
        self._bytes: int | None = None
        """Counted when a limit is first asked about: most runs never set a variable of their own."""
        self._snapshot: dict[str, str] | None = None

    def get(self, name: str) -> str:
        """The value, or "" where there is none."""
        return _value(self._values, name)

    def set_own(self, name: str, value: str) -> None:
        """Set a variable for the flow's author.

        Raises VariableFault where the name is empty or the platform's own, or the run's variables are full.
        """
        if not name:
            raise VariableFault("a variable needs a name")
        if name.startswith(OWN_PREFIX):
            raise VariableFault(f"{name} is the platform's own and cannot be set")
        if self._counted() + self._growth(name, value) > MAX_BYTES:
            raise VariableFault(f"{name} does not fit: a run holds {MAX_BYTES} bytes of variables")
        self.set_fact(name, value)

    def set_fact(self, name: str, value: str) -> None:
        """Set a fact of the platform; facts are never refused."""
        if self._bytes is not None:
            self._bytes += self._growth(name, value)
        self._values[name] = value
        self._snapshot = None

    def _counted(self) -> int:
        if self._bytes is None:
            self._bytes = sum(_size(name) + _size(value) for name, value in self._values.items())
        return self._bytes

    def _growth(self, name: str, value: str) -> int:
        old = self._values.get(name)
        return _size(value) - _size(old) if old is not None else _size(name) + _size(value)

    def snapshot(self) -> dict[str, str]:
        """All of them; the same object until one changes, so that looking is cheap."""
        if self._snapshot is None:
            self._snapshot = dict(self._values)
        return self._snapshot

    def substitute(self, value: object) -> object:
        """`value` with every reference replaced in every text, nested ones too.

        Raises VariableFault where the texts become longer than `MAX_SUBSTITUTED` together.
        """
        return _Substitution(self._values).replace(value)


class _Substitution:
    """One walk through an option, with what is left of the budget."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._left = MAX_SUBSTITUTED

    def replace(self, value: object) -> object:
        if isinstance(value, str):
            return _REFERENCE.sub(self._value, value) if "${" in value else value
        if isinstance(value, dict):
            return {name: self.replace(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.replace(item) for item in value]
        return value

    def _value(self, reference: re.Match[str]) -> str:
        found = _value(self._values, reference[1])
        self._left -= len(found)
        if self._left < 0:
            raise VariableFault(f"the option is longer than {MAX_SUBSTITUTED} characters after substitution")
        return found


def _value(values: Mapping[str, str], name: str) -> str:
    found = values.get(name)
    if found is not None:
        return found
    return _reference_data(values) if name == REFERENCE_DATA else ""


def _reference_data(values: Mapping[str, str]) -> str:
    """The call or conversation as JSON, made when somebody asks: few flows do. `voipbin.call.source.target` becomes
    `source.target`."""
    prefix = "voipbin.call." if "voipbin.call.id" in values else "voipbin.conversation."
    shown: dict[str, object] = {}
    for name, value in values.items():
        if name.startswith(prefix):
            first, _, second = name.removeprefix(prefix).partition(".")
            if not second:
                shown[first] = value
            elif isinstance(inner := shown.setdefault(first, {}), dict) and value:
                inner[second] = value
    return json.dumps(shown, ensure_ascii=False)


def bare_name(text: str) -> str | None:
    """The name in `name` or `${name}`; None where `text` is another kind of template."""
    reference = _REFERENCE.fullmatch(text)
    if reference:
        return reference[1]
    return None if "${" in text else text
