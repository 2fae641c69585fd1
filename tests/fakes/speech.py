"""Speech for tests: what the embedded voice says, as the frames of a call."""

import numpy as np

from dialplane.adapters.speech.prompts import SpeechPrompts
from dialplane.audio.g711 import FRAME_SAMPLES, encode_ulaw

SILENT_FRAME = encode_ulaw(np.zeros(FRAME_SAMPLES, np.int16))


async def spoken_frames(prompts: SpeechPrompts, text: str, *, pause_ms: int = 1_200) -> list[bytes]:
    """The text in frames of 20 ms, with silence on both sides."""
    prompt = await prompts.say(text, language="en-US", gender="female", voice_id="")
    sound = prompt.path.read_bytes()
    frames = [sound[place : place + FRAME_SAMPLES] for place in range(0, len(sound), FRAME_SAMPLES)]
    pause = [SILENT_FRAME] * (pause_ms // 20)
    return [*pause, *frames, *pause]
