"""Which voice speaks: a BCP 47 tag, a gender and a voice id, looked up in the synthesizer's own list.

A language that has no voice is refused. The synthesizer itself would silently go on with the voice before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dialplane.domain.errors import Invalid

GENDERS = ("", "male", "female", "neutral")
_FEMALE_VARIANT = "+f2"

_ALIASES = {
    "es-us": "es-419",
    "fil": "tl",
    "in": "id",
    "iw": "he",
    "no": "nb",
    "zh-hk": "yue",
    "zh-mo": "yue",
    "cmn-cn": "cmn",
}
"""Tags in use that the synthesizer knows under another one."""


@dataclass(frozen=True, slots=True)
class Voice:
    id: str
    languages: tuple[tuple[int, str], ...]
    """Tags in lower case with their priority; a lower number is a better fit."""


class VoiceTable:
    """The synthesizer's voices by language tag and by id."""

    def __init__(self, voices: Sequence[Voice]) -> None:
        self._ids = {voice.id.lower(): voice.id for voice in voices}
        best: dict[str, tuple[int, str]] = {}
        for voice in voices:
            for priority, tag in voice.languages:
                if tag not in best or priority < best[tag][0]:
                    best[tag] = (priority, voice.id)
        self._by_language = {tag: voice_id for tag, (_, voice_id) in best.items()}

    @property
    def languages(self) -> list[str]:
        return sorted(self._by_language)

    def choose(self, *, language: str, gender: str, voice_id: str) -> str:
        """The synthesizer's name of the voice.

        A region that has no voice of its own (`de-DE`, `fr-CA`) is spoken by the language's. Raises Invalid, naming
        the field, where there is no such language, gender or voice.
        """
        if gender not in GENDERS:
            raise Invalid(f"gender must be one of male, female, neutral, not {gender!r}", field="gender")
        if voice_id:
            if voice_id.lower() not in self._ids:
                raise Invalid(f"there is no voice {voice_id!r}", field="voice_id")
            chosen = self._ids[voice_id.lower()]
        else:
            chosen = self._of_language(language)
        return chosen + _FEMALE_VARIANT if gender == "female" else chosen

    def _of_language(self, language: str) -> str:
        parts = language.lower().replace("_", "-").split("-")
        while parts:
            tag = "-".join(parts)
            chosen = self._by_language.get(_ALIASES.get(tag, tag))
            if chosen is not None:
                return chosen
            parts.pop()
        raise Invalid(f"there is no voice for the language {language!r}", field="language")
