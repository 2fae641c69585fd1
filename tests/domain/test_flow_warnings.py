"""What a flow's author is told of actions that cannot do here what they say."""

import pytest

from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.flows.warnings import NOT_HEARD, STAND_INS, Ability, find_warnings


def warned(type: str, *able: Ability, **option: object) -> list[str]:
    return find_warnings(validate_actions([{"type": type, "option": option}]), able)


@pytest.mark.parametrize(
    ("type", "option"),
    [
        ("transcribe_start", {"language": "de-DE"}),
        ("transcribe_recording", {"language": "ko-KR", "provider": "gcp"}),
        ("talk", {"text": "Hallo", "language": "de-DE", "provider": "aws", "voice_id": "Marlene"}),
    ],
)
def test_speech_that_only_a_cloud_knows_is_told_where_none_is_set_up(type: str, option: dict[str, object]) -> None:
    told = STAND_INS[Ability.CLOUD_SPEECH] if type == "talk" else NOT_HEARD
    assert warned(type, **option) == [f"action 0 ({type}): {told}"]
    assert warned(type, Ability.CLOUD_SPEECH, **option) == []


@pytest.mark.parametrize(
    ("type", "option"),
    [
        ("transcribe_start", {}),
        ("transcribe_start", {"language": "en_GB"}),
        ("transcribe_start", {"language": "${language}"}),
        ("talk", {"text": "Hallo", "language": "de-DE", "provider": "gcp"}),
        ("talk", {"text": "Hallo", "voice_id": "de-DE-female"}),
        ("talk", {"text": "Hallo", "voice_id": "${voice}"}),
    ],
)
def test_speech_that_comes_with_the_platform_needs_no_warning(type: str, option: dict[str, object]) -> None:
    assert warned(type, **option) == []


@pytest.mark.parametrize(
    ("option", "fault"),
    [
        ({}, ""),
        ({"encapsulation": "audiosocket", "transport": "tcp"}, ""),
        ({"encapsulation": "${kind}", "transport": "tcp"}, ""),
        ({"transport": "tcp"}, "rtp does not go over tcp here"),
        ({"encapsulation": "audiosocket", "transport": "tcp", "format": "ulaw"}, "audiosocket carries slin"),
        ({"transport_data": "v(a=b)"}, "transport_data means nothing to this server"),
    ],
)
def test_external_media_that_cannot_be_carried_is_told_at_once(option: dict[str, object], fault: str) -> None:
    warnings = warned("external_media_start", external_host="192.0.2.1:4000", **option)

    assert [fault in each for each in warnings] == ([True] if fault else [])
