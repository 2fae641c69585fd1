"""What a flow's author is told of actions that cannot do here what they say."""

import pytest

from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.flows.warnings import STAND_INS, Ability, find_warnings


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
    assert warned(type, **option) == [f"action 0 ({type}): {STAND_INS[Ability.CLOUD_SPEECH]}"]
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
