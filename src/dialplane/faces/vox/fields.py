"""The parameters of a request: flat names and texts, whether they come as a form, as JSON or in the query.

The document says JSON in its headers and shows forms in its examples, so the body tells by itself which it is, whatever
its Content-Type. Names are known without regard to case and underscores (`projectid`, `project_id`).
"""

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from dialplane.domain.errors import Invalid
from dialplane.faces.bodies import body_of

MOST_FIELDS = 50
LONGEST_VALUE = 4096

_FIELDS = "dialplane.vox.fields"


class Parameters:
    """An ASGI layer inside of the body's limits, that reads the parameters for those further in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_FIELDS] = read_fields(scope["query_string"], body_of(scope))  # type: ignore[literal-required]  # our key
        await self._app(scope, receive, send)


class Fields:
    """What was given, by name. A parameter in the body counts before one of the same name in the query."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def get(self, name: str) -> str:
        """The text without space around it; "" where it was not given."""
        return self._given.get(_folded(name), "").strip()

    def need(self, name: str) -> str:
        """Raises Invalid where it was not given."""
        text = self.get(name)
        if not text:
            raise Invalid(f"{name} is required", field=name)
        return text

    def phone(self, name: str) -> str:
        """A phone number as it was meant: the examples leave a form's `+` as it is, which stands for a space there.

        Raises Invalid where it was not given.
        """
        bare = self.need(name)
        lost_its_plus = self._given[_folded(name)].startswith(" ")
        return f"+{bare}" if lost_its_plus and not bare.startswith("+") else bare


def fields_of(scope: Scope) -> Fields:
    """What the layer `Parameters` read."""
    fields: Fields = scope[_FIELDS]  # type: ignore[literal-required]  # our own key
    return fields


def read_fields(query: bytes, body: bytes) -> Fields:
    """Raises Invalid for what is no flat set of texts, and for what no parameter can be that long."""
    pairs = [*_of_form(query.decode("utf-8", "replace")), *_of_body(body.decode().strip())]
    for name, value in pairs:
        if "\0" in value or len(value) > LONGEST_VALUE:
            raise Invalid(f"{name[:40]} has at most {LONGEST_VALUE} characters and no NUL", field=name[:40])
    return Fields({_folded(name): value for name, value in pairs})


def _folded(name: str) -> str:
    return name.strip().lower().replace("_", "")


def _of_body(text: str) -> Iterable[tuple[str, str]]:
    return _of_json(text) if text.startswith(("{", "[")) else _of_form(text)


def _of_form(text: str) -> Iterable[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as fault:
        raise Invalid(f"There are more than {MOST_FIELDS} parameters") from fault


def _of_json(text: str) -> Iterable[tuple[str, str]]:
    try:
        given = msgspec.json.decode(text, type=dict[str, object])
    except msgspec.MsgspecError as fault:
        raise Invalid(f"The body is no JSON object: {fault}") from fault
    return [(name, _as_text(name, value)) for name, value in given.items() if value is not None]


def _as_text(name: str, value: object) -> str:
    """Numbers may come as JSON numbers, lists of names as lists."""
    match value:
        case str():
            return value
        case int() if not isinstance(value, bool):
            return str(value)
        case list() if all(isinstance(part, str) for part in value):
            return ",".join(value)
    raise Invalid(f"{name[:40]} must be a text", field=name[:40])
