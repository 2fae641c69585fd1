"""The catalogue as JSON Schema (2020-12): what the validator reads, for the API's description and for editors' forms.

It is worked out of the very kinds that `validation` asks, so the two cannot differ. Marks that begin `x-` say what
JSON Schema has no word for: `x-jump` an action of the same list, `x-names` what an id names, `x-zone` a time zone,
`x-actions` a list of actions, `x-party` an address, `x-group` where people look for the action, `x-last` that no
action of its list follows it.
"""

from collections.abc import Mapping, Sequence

from dialplane.domain.flows import options
from dialplane.domain.flows.catalogue import CATALOGUE, LAST, Option
from dialplane.domain.flows.validation import MAX_ACTIONS
from dialplane.domain.flows.wording import ACTION_WORDS, option_hint, option_label

Schema = dict[str, object]

_ID = r"^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$"
_TEMPLATE: Schema = {"type": "string", "pattern": r"\$\{", "description": "a text with ${variables}"}
_NAMED = ("flow_id", "queue_id", "conference_id")
"""Options by which an action names another thing of the account, by the end of their name."""


def actions_schema() -> Schema:
    """Of a list of actions."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Actions",
        "type": "array",
        "maxItems": MAX_ACTIONS,
        "items": action_schema(),
    }


def action_schema() -> Schema:
    """Of one action: an alternative for each type."""
    return {
        "type": "object",
        "required": ["type"],
        "properties": {
            "id": _id("This action's own; made where it is left out"),
            "next_id": _id("The action to go on with, in place of the next in the list"),
        },
        "oneOf": [_type_schema(name) for name in ACTION_WORDS],
    }


def _id(description: str) -> Schema:
    return {"type": "string", "pattern": _ID, "description": description}


def _type_schema(name: str) -> Schema:
    kinds, words = CATALOGUE[name], ACTION_WORDS[name]
    option: Schema = {
        "type": "object",
        "properties": {each: _option_schema(name, each, known) for each, known in kinds.options.items()},
    }
    required = [each for each, known in kinds.options.items() if known.required]
    if required:
        option["required"] = required
    shown: Schema = {
        "title": words.title,
        "description": words.says,
        "x-group": words.group.value,
        "x-medium": kinds.suits.value,
        "required": ["type", "option"] if required else ["type"],
        "properties": {"type": {"const": name}, "option": option},
    }
    return shown | {"x-last": True} if name in LAST else shown


def _option_schema(action: str, name: str, option: Option) -> Schema:
    schema: Schema = {"title": option_label(name)}
    if hint := option_hint(action, name):
        schema["description"] = hint
    if isinstance(option.default, str | int | float | bool):
        schema["default"] = option.default
    for end in _NAMED:
        if name == end or name.endswith(f"_{end}"):
            schema["x-names"] = end.removesuffix("_id")
    return schema | _value_schema(option.kind)


def _value_schema(kind: options.Kind) -> Schema:
    """A text with a variable in it is taken unread wherever a value may stand."""
    schema = _kind_schema(kind)
    if schema.get("type") == "string" and not schema.keys() & {"enum", "pattern"}:
        return schema
    return {"anyOf": [schema, _TEMPLATE]}


def _kind_schema(kind: options.Kind) -> Schema:
    match kind:
        case options.Text(limit, pattern):
            bound: Schema = {"type": "string", "maxLength": limit}
            return bound | {"pattern": f"^(?:{pattern})$"} if pattern else bound
        case options.Choice(words):
            return {"type": "string", "enum": list(words)}
        case options.Whole(low, high):
            return {"type": "integer", "minimum": low, "maximum": high}
        case options.Number():
            return {"type": "number"}
        case options.Flag():
            return {"type": "boolean"}
        case options.Jump():
            return {"type": "string", "pattern": _ID, "x-jump": True}
        case options.Id():
            return {"type": "string", "pattern": _ID}
        case options.Url():
            return {"type": "string", "format": "uri", "maxLength": 2048, "pattern": "^https?://"}
        case options.Zone():
            return {"type": "string", "maxLength": 64, "pattern": "^[A-Za-z]", "x-zone": True}
        case options.Party(types=types):
            return _party_schema(types)
        case options.Many(inner, limit, least):
            return {"type": "array", "minItems": least, "maxItems": limit, "items": _value_schema(inner)}
        case options.Table(inner, limit):
            return {"type": "object", "maxProperties": limit, "additionalProperties": _value_schema(inner)}
        case options.Actions():
            return {"type": "array", "items": {"type": "object"}, "x-actions": True}
        case options.Attachment():
            return _attachment_schema()
    raise TypeError(f"{kind} has no schema")


def _party_schema(types: Sequence[str]) -> Schema:
    text: Mapping[str, object] = {"type": "string", "maxLength": 320}
    return {
        "type": "object",
        "x-party": True,
        "properties": {
            "type": {"type": "string", "examples": [word for word in types if word]},
            "target": text,
            "target_name": text,
            "name": text,
            "detail": text,
        },
    }


def _attachment_schema() -> Schema:
    return {
        "type": "object",
        "required": ["reference_id"],
        "properties": {
            "reference_type": {"type": "string", "enum": ["recording"]},
            "reference_id": {"type": "string", "minLength": 1},
        },
    }
