"""Say, Play and Pause: what the party hears."""

from collections.abc import Iterator
from dataclasses import dataclass

from dialplane.domain.programs.commands import Failed, Play, Say, SendDigits, Sleep
from dialplane.domain.rcml.context import Steps
from dialplane.domain.rcml.verb import Verb
from dialplane.domain.speech.dialects import restcomm_speaker, twilio_speaker

LONGEST_PAUSE_S = 3600
MOST_LOOPS = 1000
PAUSE_OF_W_MS = 500
"""`w` in digits that are played."""
PLAY_DIGITS, PAUSE_LENGTH = 13420, 13910


@dataclass(frozen=True, slots=True)
class Faults:
    """The codes by which a place notes what is wrong with its prompts."""

    voice: int
    say_loop: int
    play: int
    play_loop: int


ALONE = Faults(voice=13511, say_loop=13510, play=13233, play_loop=13410)
IN_GATHER = Faults(voice=13321, say_loop=13322, play=13325, play_loop=13322)


def say(verb: Verb) -> Steps:
    """A voice or language that nobody has is noted and the default speaks: the caller hears what was to be said."""
    command = say_command(verb)
    if command is None:
        return None
    result = yield command
    if isinstance(result, Failed) and not verb.context.over:
        verb.context.note(ALONE.voice, f"<Say>: {result.reason}; said by the default voice")
        yield Say(command.text, gender="male", loop=command.loop)
    return None


def say_command(verb: Verb, faults: Faults = ALONE) -> Say | None:
    """None where there is nothing to say."""
    markup = verb.element.markup
    text = f"<speak>{markup}</speak>" if markup else verb.text
    if not text:
        return None
    find_speaker = twilio_speaker if verb.context.is_twilio else restcomm_speaker
    speaker = find_speaker(verb.option("voice"), verb.option("language"))
    if not (speaker.known_voice and speaker.known_language):
        verb.context.note(faults.voice, "<Say>: a voice or language that there is not; said by the default one")
    return Say(text, language=speaker.language, gender=speaker.gender, loop=_loop(verb, faults.say_loop))


def play(verb: Verb) -> Steps:
    """Keys, or a file. One that cannot be had: Restcomm hangs up, Twilio goes on; both note it."""
    if verb.option("digits"):
        yield from keys_to_play(verb)
        return None
    command = play_command(verb)
    if command is None:
        return None
    result = yield command
    if isinstance(result, Failed) and not verb.context.over:
        verb.context.note(ALONE.play, f"<Play>: {result.reason}")
        if not verb.context.is_twilio:
            return verb.context.hang_up()
    return None


def play_command(verb: Verb, faults: Faults = ALONE) -> Play | None:
    if not verb.text:
        return None
    return Play((verb.context.absolute(verb.text),), loop=_loop(verb, faults.play_loop))


def keys_to_play(verb: Verb) -> Iterator[SendDigits | Sleep]:
    """`ww12w3`: half a second of silence for each `w`."""
    yield from spread_digits(verb.pressed("digits", code=PLAY_DIGITS))


def spread_digits(keys: str) -> Iterator[SendDigits | Sleep]:
    pressed = ""
    for index, key in enumerate(keys):
        if key in "wW":
            if pressed:
                yield SendDigits(pressed)
                pressed = ""
            if index == 0 or keys[index - 1] not in "wW":
                yield Sleep(PAUSE_OF_W_MS * _run_length(keys[index:]))
        else:
            pressed += key
    if pressed:
        yield SendDigits(pressed)


def _run_length(keys: str) -> int:
    """How many `w` it begins with."""
    return len(keys) - len(keys.lstrip("wW"))


def pause(verb: Verb) -> Steps:
    command = pause_command(verb)
    if command.duration_ms:
        yield command
    return None


def pause_command(verb: Verb, _faults: Faults = ALONE) -> Sleep:
    return Sleep(1000 * verb.number("length", 1, most=LONGEST_PAUSE_S, code=PAUSE_LENGTH))


def prompts_of(verb: Verb) -> tuple[Say | Play | Sleep, ...]:
    """What is heard while a Gather listens: its Say, Play and Pause."""
    makers = {"Say": say_command, "Play": play_command, "Pause": pause_command}
    made = [makers[child.name](child, IN_GATHER) for child in verb.children(tuple(makers))]
    return tuple(command for command in made if command is not None)


def _loop(verb: Verb, code: int) -> int:
    return verb.number("loop", 1, most=MOST_LOOPS, code=code)
