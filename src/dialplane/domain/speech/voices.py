"""Which voice speaks: one look-up for every dialect, by language tag and gender, or by the voice's id.

What has no voice is refused by the name of its field; nothing is ever spoken by another voice than the one asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dialplane.domain.errors import Invalid
from dialplane.domain.speech.languages import ALIASES, LANGUAGES, Language
from dialplane.domain.speech.providers import CLOUD_PROVIDERS, PROVIDERS

VoiceGender = Literal["male", "female"]

GENDERS = ("", "male", "female", "neutral")
"""What may be wished for; with "" and `neutral` the language's first voice speaks."""
_SPEAKS = {"": "male", "neutral": "male", "male": "male", "female": "female"}
_VARIANTS: Mapping[VoiceGender, str] = {"male": "", "female": "+f2"}


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of the embedded synthesizer."""

    id: str
    """`de-DE-female`."""
    language: str
    """BCP 47."""
    name: str
    """The language in English."""
    accent: str
    gender: VoiceGender
    engine: str
    """The synthesizer's own name of it."""


def _voice(language: Language, gender: VoiceGender) -> Voice:
    return Voice(
        id=f"{language.tag}-{gender}",
        language=language.tag,
        name=language.name,
        accent=language.accent,
        gender=gender,
        engine=language.engine + _VARIANTS[gender],
    )


VOICES: tuple[Voice, ...] = tuple(_voice(language, gender) for language in LANGUAGES for gender in _VARIANTS)

_BY_ID = {voice.id.lower(): voice for voice in VOICES}


def _tags() -> dict[str, str]:
    """Every tag that is understood, in lower case, with the tag of its row; a language alone means its first row."""
    known: dict[str, str] = {}
    for language in LANGUAGES:
        tag = language.tag.lower()
        known[tag] = tag
        known.setdefault(tag.partition("-")[0], tag)
    return known | ALIASES


_TAGS = _tags()


def find_language(tag: str) -> str | None:
    """The row's tag, in lower case, that speaks this one: itself, or the language where its region has no accent."""
    parts = tag.lower().replace("_", "-").split("-")
    while parts:
        known = _TAGS.get("-".join(parts))
        if known is not None:
            return known
        parts.pop()
    return None


def is_voice(voice_id: str) -> bool:
    """Whether it is one of the embedded synthesizer's."""
    return voice_id.lower() in _BY_ID


def choose_voice(*, language: str, gender: str = "", voice_id: str = "") -> Voice:
    """The voice that is asked for; where `voice_id` is given, it alone decides.

    A region that has no accent of its own (`de-AT`, `fr-CA`) is spoken by the language's. Raises Invalid, naming the
    field (`language`, `gender`, `voice_id`), where there is no such thing.
    """
    if gender not in GENDERS:
        raise Invalid(f"gender must be one of male, female, neutral, not {gender!r}", field="gender")
    if voice_id:
        if not is_voice(voice_id):
            raise Invalid(f"there is no voice {voice_id!r}", field="voice_id")
        return _BY_ID[voice_id.lower()]
    tag = find_language(language)
    if tag is None:
        raise Invalid(f"there is no voice for the language {language!r}", field="language")
    return _BY_ID[f"{tag}-{_SPEAKS[gender]}"]


def check_voice(*, language: str, gender: str = "", voice_id: str = "", provider: str = "") -> None:
    """Refuse a provider or a voice that does not exist. What a cloud speaks is known to it alone.

    Raises Invalid naming the field.
    """
    if provider not in PROVIDERS:
        known = ", ".join(each for each in PROVIDERS if each)
        raise Invalid(f"provider must be one of {known}, not {provider[:64]!r}", field="provider")
    if provider not in CLOUD_PROVIDERS:
        choose_voice(language=language, gender=gender, voice_id=voice_id)


def list_voices(*, language: str = "", gender: str = "") -> Sequence[Voice]:
    """Those of a language, with all its accents, or of exactly the tag where it names a region; and of a gender.

    Raises Invalid (`language`, `gender`) as `choose_voice` does.
    """
    if gender not in ("", *_VARIANTS):
        raise Invalid(f"gender must be male or female, not {gender!r}", field="gender")
    wanted = _rows_of(language) if language else None
    return [
        voice
        for voice in VOICES
        if (wanted is None or voice.language.lower() in wanted) and gender in ("", voice.gender)
    ]


def _rows_of(language: str) -> set[str]:
    row = find_language(language)
    if row is None:
        raise Invalid(f"there is no voice for the language {language!r}", field="language")
    if "-" in language.replace("_", "-") and language.lower() not in ALIASES:
        return {row}
    own = row.partition("-")[0]
    return {known.tag.lower() for known in LANGUAGES if known.tag.lower().partition("-")[0] == own}
