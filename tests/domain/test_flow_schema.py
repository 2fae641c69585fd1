"""The schema of actions says what the validator says: it is worked out of the same catalogue."""

from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta

from dialplane.domain.addresses import ADDRESS_TYPES
from dialplane.domain.errors import Invalid
from dialplane.domain.flows.catalogue import CATALOGUE
from dialplane.domain.flows.schema import actions_schema
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.flows.wording import ACTION_WORDS
from tests.domain.test_flow_validation import action

SCHEMA: dict[str, Any] = actions_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
WRONG: list[tuple[str, str, object]] = [
    ("talk", "text", 5),
    ("talk", "digits_handle", "later"),
    ("sleep", "duration", -1),
    ("sleep", "duration", "long"),
    ("goto", "target_id", "step 2"),
    ("branch", "target_ids", {"1": "x"}),
    ("connect", "destinations", []),
    ("play", "stream_urls", ["ftp://example.test/a.wav"]),
    ("amd", "async", "yes"),
    ("digits_send", "digits", "x"),
    ("call", "anonymous", "maybe"),
    ("condition_datetime", "weekdays", [7]),
]


def test_every_type_has_words() -> None:
    assert set(ACTION_WORDS) == set(CATALOGUE)


def test_schema_is_a_schema() -> None:
    assert meta.is_valid(SCHEMA)


@pytest.mark.parametrize("type", sorted(CATALOGUE))
def test_good_action_fits(type: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors([action(type)])] == []


@pytest.mark.parametrize(("type", "name", "value"), WRONG)
def test_wrong_option_fits_neither_schema_nor_validator(type: str, name: str, value: object) -> None:
    written = [action(type, **{name: value})]

    assert not VALIDATOR.is_valid(written)
    with pytest.raises(Invalid):
        validate_actions(written)


@pytest.mark.parametrize(
    ("type", "name"), [("sleep", "duration"), ("amd", "async"), ("goto", "target_id"), ("talk", "digits_handle")]
)
def test_variable_fits_wherever_a_value_stands(type: str, name: str) -> None:
    written = [action(type, **{name: "${wanted}"})]

    assert VALIDATOR.is_valid(written)
    validate_actions(written)


def test_missing_option_does_not_fit() -> None:
    assert not VALIDATOR.is_valid([{"type": "talk"}])
    assert not VALIDATOR.is_valid([{"type": "dance"}])


@pytest.mark.parametrize(
    ("type", "named"), [("email_send", ["email"]), ("message_send", ["tel", "extension"]), ("connect", None)]
)
def test_party_names_the_types_of_address_that_the_action_takes(type: str, named: list[str] | None) -> None:
    """The portal's form offers these, and no others."""
    [shown] = [each for each in SCHEMA["items"]["oneOf"] if each["properties"]["type"]["const"] == type]
    many = shown["properties"]["option"]["properties"]["destinations"]["anyOf"][0]

    offered = many["items"]["anyOf"][0]["properties"]["type"]["examples"]

    assert offered == (named or [word for word in ADDRESS_TYPES if word])
