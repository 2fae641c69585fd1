"""The offline recognizer's own process: `python -m dialplane.adapters.speech.sphinx_helper`.

Recognising takes up to a second of CPU for a second of speech, so it lives behind a pipe. One utterance at a time: a
line of JSON a request on standard input (audio behind it, mu-law at 8,000 Hz), one line of JSON an answer. It ends
when standard input does.

    {"do": "begin", "hints": ["sales", "technical support"], "interim": true}   → {}
    {"do": "hear", "octets": 1600} and the audio                                → {"text": "sales"}
    {"do": "end"}                                                               → {"text": "sales", "confidence": 0.49}

The first line, sent at the start: {"language": "en-US"}.
"""

import json
import re
import sys
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from pocketsphinx import Decoder

from dialplane.audio.g711 import FRAME_SAMPLES, RATE_HZ, Samples, decode_ulaw
from dialplane.audio.listening import sounding_frames
from dialplane.audio.resample import resample

LANGUAGE = "en-US"
_MODEL_HZ = 16_000
_FOLDED = 0.1
"""The model knows sounds up to 6.8 kHz, the telephone ends at 4: what lies above is filled with the mirror image of
what lies below, softly. Half as many words are misunderstood then as with nothing there."""
_TAIL_FRAMES = 6
"""So much of the silence after the last word is recognised with it; more is taken for words."""
_DITHER = 5.0
"""A telephone's silence may be all zeros, which the model has never heard: a little noise is put under everything."""
_WORD = re.compile(r"[a-z']+")
_DIGITS = "$OOV_CLASS_DIGIT_SEQUENCE"
"""Twilio's hint for any number of digits."""
_DIGIT_WORDS = "(zero | oh | one | two | three | four | five | six | seven | eight | nine)+"
_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_NUMERALS = {str(digit): name for digit, name in enumerate(_NAMES)}
_FREE = "_default"
"""The search that the library makes of its language model."""
_HINTED = "hinted"


class Recognizer:
    """The library with its English model."""

    def __init__(self) -> None:
        self._decoder = Decoder(samprate=_MODEL_HZ, loglevel="FATAL")
        self._grammar = ""
        self._audio = bytearray()
        self._is_listening = False

    def begin(self, hints: Sequence[str], *, interim: bool) -> None:
        """A new utterance; one that was not ended is given up. `interim`: `hear` tells what is understood so far."""
        if self._is_listening:
            self._decoder.end_utt()
            self._is_listening = False
        self._audio = bytearray()
        grammar = self._grammar_of(hints)
        if grammar and grammar != self._grammar:
            self._decoder.add_jsgf_string(_HINTED, f"#JSGF V1.0; grammar hinted; public <hint> = {grammar};")
        self._grammar = grammar
        if interim:
            self._start()

    def hear(self, audio: bytes) -> str:
        self._audio += audio
        if not self._is_listening:
            return ""
        self._decoder.process_raw(_prepared(audio), full_utt=False)
        return self._text()[0]

    def end(self) -> tuple[str, float]:
        """What was said, from the whole of it: one look at all is more often right than many at parts.

        What is none of the hints is recognised freely: hints make words likely, and no more.
        """
        if self._is_listening:
            self._decoder.end_utt()
            self._is_listening = False
        whole = _prepared(_without_tail(bytes(self._audio)))
        if not whole:
            return "", 0.0
        if self._grammar:
            hinted = self._recognise(_HINTED, whole)
            if hinted[0]:
                return hinted
        return self._recognise(_FREE, whole)

    def _recognise(self, search: str, sound: bytes) -> tuple[str, float]:
        self._decoder.activate_search(search)
        self._decoder.reinit_feat()  # what the line before sounded like says nothing of this one
        self._decoder.start_utt()
        self._decoder.process_raw(sound, full_utt=True)
        self._decoder.end_utt()
        return self._text()

    def _start(self) -> None:
        self._decoder.activate_search(_HINTED if self._grammar else _FREE)
        self._decoder.start_utt()
        self._is_listening = True

    def _text(self) -> tuple[str, float]:
        found = self._decoder.hyp()
        if found is None or not found.hypstr:
            return "", 0.0
        words = len(found.hypstr.split())
        # the posterior of the whole utterance, as that of its average word: a long one is not doubtful for its length
        return found.hypstr, round(min(1.0, max(0.0, found.prob)) ** (1 / words), 3)

    def _grammar_of(self, hints: Sequence[str]) -> str:
        """The hints as alternatives; one with a word that is in no dictionary cannot be listened for."""
        phrases = [_DIGIT_WORDS if hint == _DIGITS else self._phrase(hint) for hint in hints]
        return " | ".join(dict.fromkeys(phrase for phrase in phrases if phrase))

    def _phrase(self, hint: str) -> str:
        spelled = "".join(f" {_NUMERALS[letter]} " if letter in _NUMERALS else letter for letter in hint.lower())
        words = _WORD.findall(spelled)
        return " ".join(words) if all(self._decoder.lookup_word(word) for word in words) else ""


def _prepared(audio: bytes) -> bytes:
    """As the model wants it: 16,000 Hz, with something above 4 kHz, and never digital silence."""
    heard = decode_ulaw(audio)
    noise = np.random.default_rng(0).normal(0, _DITHER, len(heard))
    samples: Samples = np.clip(np.round(heard + noise), -32_768, 32_767).astype(np.int16)
    plain = resample(samples, RATE_HZ, _MODEL_HZ).astype(np.float64)
    with_image = np.zeros(len(plain))
    with_image[::2] = 2.0 * samples
    folded = plain + _FOLDED * (with_image - plain)
    return np.clip(np.round(folded), -32_768, 32_767).astype(np.int16).tobytes()


def _without_tail(audio: bytes) -> bytes:
    sounding = sounding_frames(decode_ulaw(audio))
    last = max((place for place, loud in enumerate(sounding) if loud), default=len(sounding))
    return audio[: (last + 1 + _TAIL_FRAMES) * FRAME_SAMPLES]


def main(requests: BinaryIO, answers: BinaryIO) -> None:
    recognizer = Recognizer()
    _answer(answers, {"language": LANGUAGE})
    while line := requests.readline():
        request = json.loads(line)
        match request["do"]:
            case "begin":
                recognizer.begin(request["hints"], interim=request["interim"])
                _answer(answers, {})
            case "hear":
                _answer(answers, {"text": recognizer.hear(requests.read(request["octets"]))})
            case "end":
                text, confidence = recognizer.end()
                _answer(answers, {"text": text, "confidence": confidence})


def _answer(answers: BinaryIO, answer: dict[str, object]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
