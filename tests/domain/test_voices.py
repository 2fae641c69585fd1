"""Languages, voices and the names that the dialects have for them (VoIPBIN reference 6.8, Restcomm reference 5.5)."""

import pytest

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.speech.dialects import Speaker, restcomm_speaker, twilio_speaker
from dialplane.domain.speech.languages import ALIASES, LANGUAGES
from dialplane.domain.speech.voices import VOICES, choose_voice, find_language, list_voices

RESTCOMM_LANGUAGES = (
    "bf bp en en-gb cf cs dan fi es fr de el it nl no pl pt ru ar ca sv tr zh-cn zh-hk zh-tw da en-au en-ca en-in "
    "fr-ca ja ko nb pt-br es-mx"
)


def test_voices_speak_more_than_fifty_languages_each_as_man_and_as_woman() -> None:
    languages = {voice.language.partition("-")[0] for voice in VOICES}

    assert len(languages) > 50
    assert {(voice.language, voice.gender) for voice in VOICES} == {
        (language.tag, gender) for language in LANGUAGES for gender in ("male", "female")
    }
    assert len({voice.id.lower() for voice in VOICES}) == len(VOICES)


def test_aliases_lead_to_languages_that_there_are() -> None:
    assert {ALIASES[tag] for tag in ALIASES} <= {language.tag.lower() for language in LANGUAGES}


@pytest.mark.parametrize(
    ("language", "gender", "chosen"),
    [
        ("en-US", "", "en-US-male"),
        ("EN_us", "female", "en-US-female"),
        ("de", "neutral", "de-DE-male"),
        ("de-AT", "male", "de-DE-male"),
        ("es-MX", "female", "es-419-female"),
        ("zh-TW", "", "cmn-CN-male"),
        ("en-GB-scotland", "", "en-GB-scotland-male"),
        ("no", "", "nb-NO-male"),
    ],
)
def test_voice_is_of_the_accent_asked_for_or_else_of_its_language(language: str, gender: str, chosen: str) -> None:
    assert choose_voice(language=language, gender=gender).id == chosen


def test_voice_named_by_its_id_speaks_whatever_the_language_says() -> None:
    assert choose_voice(language="fr-FR", gender="male", voice_id="de-de-FEMALE").id == "de-DE-female"


def test_list_of_a_language_has_all_its_accents_and_that_of_an_accent_itself() -> None:
    english = {voice.language for voice in list_voices(language="en", gender="female")}

    assert {"en-GB", "en-US", "en-GB-scotland"} < english
    assert [voice.id for voice in list_voices(language="en-gb")] == ["en-GB-male", "en-GB-female"]


@pytest.mark.parametrize(("language", "gender", "field"), [("xx", "", "language"), ("", "robot", "gender")])
def test_list_of_what_there_is_not_is_refused(language: str, gender: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        list_voices(language=language, gender=gender)

    assert refusal.value.field == field


@pytest.mark.parametrize("code", RESTCOMM_LANGUAGES.split())
def test_every_language_of_restcomms_documents_is_spoken(code: str) -> None:
    speaker = restcomm_speaker("woman", code)

    assert speaker.known_language
    assert choose_voice(language=speaker.language, gender=speaker.gender).gender == "female"


def test_restcomms_own_codes_mean_what_its_documents_say() -> None:
    tags = [find_language(restcomm_speaker("", code).language) for code in ("bf", "bp", "en-gb", "cs", "dan", "")]

    assert tags == ["fr-be", "pt-br", "en-gb", "cs-cz", "da-dk", "en-us"]


def test_unsupported_language_and_voice_of_restcomm_are_spoken_by_default_and_told() -> None:
    assert restcomm_speaker("man", "xx") == Speaker("en-US", "male", known_language=False)
    assert restcomm_speaker("robot", "de") == Speaker("de", "male", known_voice=False)


@pytest.mark.parametrize(
    ("voice", "language", "speaker"),
    [
        ("", "", Speaker("en-US", "male")),
        ("alice", "en-GB", Speaker("en-GB", "female")),
        ("woman", "es", Speaker("es", "female")),
        ("Polly.Joanna", "", Speaker("en-US", "female")),
        ("Polly.Léa-Neural", "", Speaker("fr-FR", "female")),
        ("Polly.Hans", "", Speaker("de-DE", "male")),
        ("Google.de-DE-Standard-B", "", Speaker("de-DE", "male")),
        ("Polly.Nobody", "", Speaker("en-US", "male", known_voice=False)),
        ("alice", "xx-XX", Speaker("en-US", "female", known_language=False)),
    ],
)
def test_voice_of_twilio_is_spoken_in_its_language_and_gender(voice: str, language: str, speaker: Speaker) -> None:
    assert twilio_speaker(voice, language) == speaker


@pytest.mark.parametrize(
    ("option", "field"),
    [
        ({"language": "xx-XX"}, "actions[0].option.language"),
        ({"text": '<speak>Hello <break time="1s"</speak>'}, "actions[0].option.text"),
        ({"voice_id": "nobody"}, "actions[0].option.voice_id"),
        ({"voice_id": "nobody", "language": "${language}"}, "actions[0].option.voice_id"),
        ({"provider": "acme"}, "actions[0].option.provider"),
    ],
)
def test_talk_that_nobody_can_speak_is_refused_when_it_is_written(option: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        validate_actions([{"type": "talk", "option": {"text": "Hello", **option}}])

    assert refusal.value.field == field


@pytest.mark.parametrize(
    "option",
    [
        {"language": "${language}"},
        {"voice_id": "${voice}", "gender": "female"},
        {"voice_id": "en-US-Neural2-F", "provider": "gcp"},
        {"voice_id": "sw-KE-female"},
    ],
)
def test_talk_whose_voice_is_known_or_not_yet_known_is_accepted(option: dict[str, str]) -> None:
    (action,) = validate_actions([{"type": "talk", "option": {"text": "Hello", **option}}])

    assert action.option["text"] == "Hello"
