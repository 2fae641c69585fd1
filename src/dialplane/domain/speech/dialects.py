"""What Restcomm's and Twilio's `Say` call voices and languages (Restcomm reference 5.5), as language tag and gender.

Restcomm documents that an unsupported language is spoken in the default one, and an unknown voice by the man with an
error beside it; so these look-ups never refuse, and tell which of the two happened. Twilio's named voices (`alice`,
`Polly.Joanna`, `Google.en-US-Standard-C`) are spoken by the embedded voice of the same language and gender.
"""

import re
from dataclasses import dataclass

from dialplane.domain.programs.commands import Gender
from dialplane.domain.speech.voices import find_language

_RESTCOMM_TAGS = {"bf": "fr-BE", "bp": "pt-BR", "cf": "fr-CA", "dan": "da-DK"}
"""Codes of Restcomm's own; its others are BCP 47 already."""
_RESTCOMM_DEFAULT = "en-US"

_POLLY = {
    "ar": "Zeina:f Hala:f Zayd:m",
    "ca-ES": "Arlet:f",
    "cmn-CN": "Zhiyu:f",
    "cs-CZ": "Jitka:f",
    "cy-GB": "Gwyneth:f",
    "da-DK": "Mads:m Naja:f Sofie:f",
    "de-AT": "Hannah:f",
    "de-CH": "Sabrina:f",
    "de-DE": "Hans:m Marlene:f Vicki:f Daniel:m",
    "en-AU": "Nicole:f Russell:m Olivia:f",
    "en-GB": "Amy:f Brian:m Emma:f Arthur:m",
    "en-GB-WLS": "Geraint:m",
    "en-IE": "Niamh:f",
    "en-IN": "Aditi:f Raveena:f Kajal:f",
    "en-NZ": "Aria:f",
    "en-SG": "Jasmine:f",
    "en-US": (
        "Ivy:f Joanna:f Joey:m Justin:m Kendra:f Kimberly:f Matthew:m Salli:f Kevin:m Ruth:f Stephen:m Danielle:f "
        "Gregory:m Patrick:m"
    ),
    "en-ZA": "Ayanda:f",
    "es-ES": "Conchita:f Enrique:m Lucia:f Sergio:m Alba:f Raul:m",
    "es-MX": "Mia:f Andres:m",
    "es-US": "Lupe:f Miguel:m Penelope:f Pedro:m",
    "fi-FI": "Suvi:f",
    "fr-BE": "Isabelle:f",
    "fr-CA": "Chantal:f Gabrielle:f Liam:m",
    "fr-FR": "Celine:f Lea:f Mathieu:m Remi:m",
    "is-IS": "Dora:f Karl:m",
    "it-IT": "Carla:f Bianca:f Giorgio:m Adriano:m",
    "ja-JP": "Mizuki:f Takumi:m Kazuha:f Tomoko:f",
    "ko-KR": "Seoyeon:f Jihye:f",
    "nb-NO": "Liv:f Ida:f",
    "nl-BE": "Lisa:f",
    "nl-NL": "Lotte:f Ruben:m Laura:f",
    "pl-PL": "Ewa:f Maja:f Jacek:m Jan:m Ola:f",
    "pt-BR": "Camila:f Ricardo:m Vitoria:f Thiago:m",
    "pt-PT": "Cristiano:m Ines:f",
    "ro-RO": "Carmen:f",
    "ru-RU": "Maxim:m Tatyana:f",
    "sv-SE": "Astrid:f Elin:f",
    "tr-TR": "Filiz:f Burcu:f",
    "yue-CN": "Hiujin:f",
}
"""Amazon Polly's voices by language, each with its gender; accents are left off the names."""

_POLLY_VOICES: dict[str, tuple[str, Gender]] = {
    entry.partition(":")[0].lower(): (tag, "female" if entry.endswith(":f") else "male")
    for tag, entries in _POLLY.items()
    for entry in entries.split()
}
_FOLDED = str.maketrans("áãéëíóôúñ", "aaeeiooun")
_GOOGLE = re.compile(r"([a-z]{2,3}-[a-z0-9]{2,4})-[a-z0-9]+-([a-z])", re.IGNORECASE)
_PLAIN: dict[str, Gender] = {"man": "male", "woman": "female", "alice": "female"}


@dataclass(frozen=True, slots=True)
class Speaker:
    """What goes into a `Say`, and whether it is exactly what the document asked for."""

    language: str
    gender: Gender
    known_voice: bool = True
    """False: the voice is unknown, and the default speaks (error 13511)."""
    known_language: bool = True
    """False: the default language speaks."""


def restcomm_speaker(voice: str, language: str) -> Speaker:
    """`voice` man or woman, `language` one of Restcomm's codes or a BCP 47 tag; empty means the default of each."""
    code = language.strip().lower() or "en"
    tag = _RESTCOMM_TAGS.get(code, _RESTCOMM_DEFAULT if code == "en" else code)
    gender = _PLAIN.get(voice.strip().lower() or "man")
    if find_language(tag) is None:
        return Speaker(_RESTCOMM_DEFAULT, gender or "male", gender is not None, known_language=False)
    return Speaker(tag, gender or "male", gender is not None)


def twilio_speaker(voice: str, language: str) -> Speaker:
    """`voice` man, woman, alice, `Polly.…` or `Google.…`; a named voice brings its own language where none is given."""
    own_tag, gender = _named(voice.strip() or "man")
    tag = language.strip() or own_tag or "en-US"
    if gender is None:
        return Speaker(tag if find_language(tag) else "en-US", "male", False, find_language(tag) is not None)
    if find_language(tag) is None:
        return Speaker("en-US", gender, known_language=False)
    return Speaker(tag, gender)


def _named(voice: str) -> tuple[str, Gender | None]:
    if voice.lower() in _PLAIN:
        return "", _PLAIN[voice.lower()]
    provider, _, name = voice.partition(".")
    if provider.lower() == "polly":
        stem = (
            name.lower()
            .translate(_FOLDED)
            .removesuffix("-neural")
            .removesuffix("-generative")
            .removesuffix("-long-form")
        )
        return _POLLY_VOICES.get(stem, ("", None))
    google = _GOOGLE.fullmatch(name) if provider.lower() == "google" else None
    if google is not None:
        # Google numbers its voices by letter; the odd ones (A, C, E …) are women in most of its languages
        return google[1], "female" if (ord(google[2].lower()) - ord("a")) % 2 == 0 else "male"
    return "", None
