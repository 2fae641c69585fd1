"""The nouns of Dial: whom a document calls, and how each of them is called."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import parse_qsl

import phonenumbers

from dialplane.domain.addresses import Address, is_tel, read_sip
from dialplane.domain.programs.dialling import Party
from dialplane.domain.programs.recognition import DetectMachine
from dialplane.domain.rcml.verb import Verb

PARTY_NOUNS = ("Number", "Client", "Sip", "Uri")
DIAL_NOUNS = (*PARTY_NOUNS, "Conference", "Queue")
HOME = "US"
"""How a number without `+` is read (reference 6.2)."""
MOST_HEADERS = 20
VIDEO_MODE, VIDEO_RESOLUTION, VIDEO_LAYOUT = 15001, 15002, 15003
_RESOLUTIONS = ("CIF", "4CIF", "16CIF", "QCIF", "VGA", "720p")
CLIENT = "client:"


def parties_of(dial: Verb, nouns: list[Verb]) -> Iterator[Party]:
    """In the order of the document. A bare text is one party: with `@` SIP, from `client` on a phone, else a number."""
    for noun in nouns:
        party = _party(noun)
        if party is not None:
            yield party
    if not nouns and dial.text:
        address, headers = _with_headers(dial.text)
        yield Party(_any_address(address), headers=headers)


def _party(noun: Verb) -> Party | None:
    """None where it names nobody."""
    text = _client_name(noun) if noun.name == "Client" else noun.text
    if not text:
        return None
    target, headers = _with_headers(text)
    address = {"Number": number_address, "Client": _client_address}.get(noun.name, _sip_address)(target)
    return Party(
        address,
        headers=headers,
        username=noun.option("username"),
        password=noun.option("password"),
        before_joining=noun.document("url", "method"),
        send_digits=noun.pressed("sendDigits"),
        machine=_machine(noun),
        status=noun.status(),
    )


def _machine(noun: Verb) -> DetectMachine | None:
    """Twilio's: beside the talk, which begins at once; the outcome goes to `amdStatusCallback`."""
    kind = noun.choice("machineDetection", ("Enable", "DetectMessageEnd"), "")
    if not kind:
        return None
    return DetectMachine(
        wait=False,
        until_message_end=kind == "DetectMessageEnd",
        longest_ms=1000 * noun.number("machineDetectionTimeout", 30, least=3, most=59),
        greeting_ms=noun.number("machineDetectionSpeechThreshold", 0, least=1000, most=6000),
        pause_ms=noun.number("machineDetectionSpeechEndThreshold", 0, least=500, most=5000),
        silence_ms=noun.number("machineDetectionSilenceTimeout", 0, least=2000, most=10_000),
        status=noun.status("amdStatusCallback", ()),
    )


def _client_name(noun: Verb) -> str:
    parts = list(noun.children(("Identity", "Parameter", "Video")))
    note_video(part for part in parts if part.name == "Video")
    named = next((part.text for part in parts if part.name == "Identity" and part.text), noun.text)
    return named or noun.option("name")


def note_video(videos: Iterable[Verb]) -> None:
    """Say what is wrong with them, and of one that is enabled that nobody will see anything."""
    for video in videos:
        video.choice("mode", ("mcu", "sfu"), "", code=VIDEO_MODE)
        video.choice("resolution", _RESOLUTIONS, "", code=VIDEO_RESOLUTION)
        video.choice("layout", ("tile", "linear"), "", code=VIDEO_LAYOUT)
        if video.flag("enable"):
            video.warn(VIDEO_MODE, "<Video>: this server carries audio only")


def _with_headers(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """`+12025550143?X-A=1&X-B=2`: the destination, and headers for its INVITE."""
    target, _, query = text.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=None)[:MOST_HEADERS]
    headers = ((name.strip(), _one_line(value)) for name, value in pairs)
    return target.strip(), tuple((name, value) for name, value in headers if _may_be_sent(name))


def _may_be_sent(name: str) -> bool:
    letters = name.replace("-", "").replace("_", "")
    return name[:2].upper() == "X-" and letters.isascii() and letters.isalnum() and len(name) <= 64


def _one_line(value: str) -> str:
    return " ".join(value.split())[:512]


def _any_address(target: str) -> Address:
    if "@" in target:
        return _sip_address(target)
    return _client_address(target) if target.startswith("client") else number_address(target)


def number_address(target: str) -> Address:
    """E.164 where it can be read so; else as it stands, for the dialling to refuse by name."""
    bare = "".join(character for character in target if character not in " .-()")
    if not is_tel(bare):
        try:
            parsed = phonenumbers.parse(bare, HOME)
        except phonenumbers.NumberParseException:
            return Address("tel", bare)
        if phonenumbers.is_possible_number(parsed):
            bare = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return Address("tel", bare)


def _client_address(target: str) -> Address:
    name = target.removeprefix("client").removeprefix(":").strip() if target.startswith("client") else target
    return Address("extension", name)


def _sip_address(target: str) -> Address:
    return Address("sip", read_sip(target))


def caller_address(text: str) -> Address:
    """`callerId`: a number, or the name of a phone."""
    if text.startswith(CLIENT):
        return replace(_client_address(text), target_name=text.removeprefix(CLIENT))
    if "@" in text:
        return _sip_address(text)
    return number_address(text)
