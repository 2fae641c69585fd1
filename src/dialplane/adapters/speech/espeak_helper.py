"""The speech synthesizer's own process: `python -m dialplane.adapters.speech.espeak_helper`.

espeak-ng is under the GPL and a singleton, so it lives behind a pipe. This program knows nothing of the platform:
one line of JSON a request on standard input, one line of JSON and the samples behind it on standard output. It ends
when standard input does.

    {"voice": "gmw/de+f2", "text": "…", "ssml": false, "longest_s": 300}
    → {"octets": 88200, "error": ""} and that many octets, 16 bit mono at the rate that the first line named

The first line, sent at the start: {"rate_hz": 22050}. Which voices there are stands in `domain/speech/languages.py`.
"""

import ctypes
import json
import sys
from typing import BinaryIO

import espeakng_loader

_SYNCHRONOUS = 2
_UTF8 = 1
_SSML = 0x10
_OK = 0


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Synthesizer:
    """The library, initialised. One call at a time."""

    def __init__(self) -> None:
        """Raises OSError where the library or its data cannot be loaded."""
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.rate_hz: int = self._library.espeak_Initialize(
            _SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), 0
        )
        if self.rate_hz <= 0:
            raise OSError("espeak-ng does not find its data")
        self._samples = bytearray()
        self._longest = 0
        # ctypes frees a callback that nobody holds, while the library still calls it
        self._callback = _Callback(self._collect)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, voice: str, text: str, *, ssml: bool, longest_s: float) -> bytes:
        """Samples of 16 bit. Raises LookupError where there is no such voice."""
        # The library goes on with the voice before where it does not find the one that is asked for
        if self._library.espeak_SetVoiceByName(voice.encode()) != _OK:
            raise LookupError(f"no voice {voice}")
        self._samples = bytearray()
        self._longest = int(longest_s * self.rate_hz) * 2
        data = text.encode()
        flags = _UTF8 | (_SSML if ssml else 0)
        if self._library.espeak_Synth(data, len(data) + 1, 0, 0, 0, flags, None, None) != _OK:
            raise RuntimeError("synthesis failed")
        return bytes(self._samples[: self._longest])

    def _collect(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if count > 0:  # the last call has neither
            self._samples += ctypes.string_at(samples, 2 * count)
        return int(len(self._samples) >= self._longest)


def main(requests: BinaryIO, answers: BinaryIO) -> None:
    synthesizer = Synthesizer()
    _answer(answers, {"rate_hz": synthesizer.rate_hz}, b"")
    for line in requests:
        request = json.loads(line)
        try:
            samples = synthesizer.speak(
                request["voice"], request["text"], ssml=request["ssml"], longest_s=request["longest_s"]
            )
        except (LookupError, RuntimeError) as error:
            _answer(answers, {"octets": 0, "error": str(error)}, b"")
        else:
            _answer(answers, {"octets": len(samples), "error": ""}, samples)


def _answer(answers: BinaryIO, head: dict[str, object], body: bytes) -> None:
    answers.write(json.dumps(head).encode() + b"\n" + body)
    answers.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
