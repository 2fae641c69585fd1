"""A form as it is shown: what was typed, and what is wrong with it, each beside its field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from dialplane.domain.errors import Invalid, Refusal

MOST_FIELDS = 500
LONGEST_VALUE = 10_000
LONGEST_IN_PARTS = 1 << 20
"""A text of a form that is sent in parts, as those with files are: the JSON of a flow."""
_SECRET = ("password", "old_password", "app_password", "code", "pin", "csrf")
"""Fields that are never sent back."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What a browser sent. Every text has a limit; names may be repeated (checkboxes)."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """The first value, without blanks around it."""
        return self.values.get(name, (default,))[0].strip()

    def raw(self, name: str) -> str:
        """As it was typed: passwords may begin and end with blanks."""
        return self.values.get(name, ("",))[0]

    def all(self, name: str) -> tuple[str, ...]:
        return self.values.get(name, ())

    def is_on(self, name: str) -> bool:
        """Whether a checkbox was ticked."""
        return bool(self.get(name))


NOTHING = Fields()


def read_fields(encoded: bytes | str) -> Fields:
    """`a=b&c=d`. Raises Invalid where it is not UTF-8, too long, or holds a NUL."""
    try:
        text = encoded if isinstance(encoded, str) else encoded.decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as fault:
        raise Invalid("The form cannot be read") from fault
    return fields_of(pairs)


def fields_of(pairs: Iterable[tuple[str, str]], *, longest: int = LONGEST_VALUE) -> Fields:
    """Raises Invalid where a text is too long, holds a NUL, or they are too many."""
    values: dict[str, list[str]] = {}
    for count, (name, value) in enumerate(pairs, start=1):
        if count > MOST_FIELDS:
            raise Invalid("The form has too many fields")
        if "\0" in value or "\0" in name or len(value) > longest:
            raise Invalid(f"{name[:40]!r} is too long or holds what cannot be kept")
        values.setdefault(name, []).append(value)
    return Fields({name: tuple(texts) for name, texts in values.items()})


@dataclass(frozen=True, slots=True)
class Form:
    """What a template shows of a form."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    """A sentence for each field that is wrong."""
    problem: str = ""
    """What is wrong with no field in particular."""

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    def refuse(self, refusal: Refusal, **names: str) -> "Form":
        """With what a service did not accept. `names` translates its field names into the form's."""
        name = names.get(refusal.field, refusal.field)
        if name:
            return replace(self, errors={**self.errors, name: _beside(refusal)})
        return replace(self, problem=refusal.message)

    @property
    def is_refused(self) -> bool:
        return bool(self.errors or self.problem)


_VERBS = ("must", "is", "has", "lies", "needs", "may", "cannot")


def _beside(refusal: Refusal) -> str:
    """What is said beside the field: without its name in the API, where the sentence begins with it."""
    first, _, rest = refusal.message.partition(" ")
    if first == refusal.field and rest.partition(" ")[0] in _VERBS:
        return f"It {rest}"
    return refusal.message


def typed(fields: Fields) -> Form:
    """The form again as it was filled in, without its secrets."""
    return Form({name: values[0] for name, values in fields.values.items() if name not in _SECRET})
