"""Speech and files as prompts, by the real synthesizer and the real decoders."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy as np
import pytest

from dialplane.adapters.speech.prompt_store import PromptStore
from dialplane.adapters.speech.prompts import SpeechPrompts
from dialplane.audio.g711 import decode_ulaw
from dialplane.audio.listening import Heard, listen
from dialplane.audio.tones import beep
from dialplane.audio.wav import WavWriter
from dialplane.domain.calling.media import Prompt
from dialplane.domain.errors import Invalid
from dialplane.domain.speech.ssml import safe_ssml
from dialplane.domain.speech.voices import list_voices


class Web:
    """The network's outer edge: files by URL, and how often each was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[str] = []

    async def get(self, url: str, *, limit: int, timeout_s: float) -> tuple[bytes, str]:
        self.requests.append(url)
        return self.files[url][:limit], "application/octet-stream"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def prompts(tmp_path: Path, web: Web, clock: Clock) -> AsyncIterator[SpeechPrompts]:
    made = SpeechPrompts(tmp_path / "prompts", web, clock=clock)
    yield made
    await made.close()


def heard(prompt: Prompt) -> Heard:
    return listen(prompt.path.read_bytes())


def wav(folder: Path, samples: "np.typing.NDArray[np.int16]") -> bytes:
    writer = WavWriter(folder / "made.wav")
    writer.write(samples)
    writer.close()
    return writer.path.read_bytes()


def mp3(*, duration_s: float) -> bytes:
    """A 440 Hz tone in stereo at 44,100 Hz."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("mp3", rate=44_100)
        time_s = np.arange(int(44_100 * duration_s)) / 44_100
        wave = (10_000 * np.sin(2 * np.pi * 440 * time_s)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="s16p", layout="stereo")
        frame.sample_rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


async def test_spoken_text_is_as_long_as_speech_and_loud_enough(prompts: SpeechPrompts) -> None:
    prompt = await prompts.say("Welcome. Press one for sales.", language="en-US", gender="female", voice_id="")

    found = heard(prompt)

    assert prompt.path.stat().st_size % 160 == 0
    assert found.duration_ms == prompt.duration_ms
    assert 1_500 < found.duration_ms < 5_000
    assert -30 < found.level_dbfs < -6
    assert found.sounding_ms > 1_000


async def test_each_language_and_gender_sounds_of_its_own(prompts: SpeechPrompts) -> None:
    asked = [("en-US", ""), ("en-US", "female"), ("en-GB", "male"), ("de-DE", ""), ("fr-CA", "neutral"), ("zh-HK", "")]

    made = [
        (await prompts.say("1 2 3", language=language, gender=gender, voice_id="")).path.read_bytes()
        for language, gender in asked
    ]

    assert len(set(made)) == len(asked)


@pytest.mark.parametrize(
    ("language", "gender", "voice_id", "field"),
    [
        ("km-KH", "", "", "language"),
        ("xx", "", "", "language"),
        ("", "", "", "language"),
        ("en-US", "robot", "", "gender"),
        ("en-US", "", "en-US-Wavenet-D", "voice_id"),
    ],
)
async def test_voice_that_does_not_exist_is_refused_and_never_replaced(
    prompts: SpeechPrompts, language: str, gender: str, voice_id: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await prompts.say("hello", language=language, gender=gender, voice_id=voice_id)

    assert refused.value.field == field


@pytest.mark.parametrize(
    "text", ["", "  \n", "x" * 5_001, "<speak>a", "<speak></speak x>", "<!DOCTYPE a><speak>a</speak>"]
)
async def test_text_that_cannot_be_spoken_is_refused(prompts: SpeechPrompts, text: str) -> None:
    if text.startswith("<!"):
        with pytest.raises(Invalid):
            safe_ssml(text)
        return
    with pytest.raises(Invalid) as refused:
        await prompts.say(text, language="en-US", gender="", voice_id="")

    assert refused.value.field == "text"


async def test_break_in_ssml_lengthens_the_speech(prompts: SpeechPrompts) -> None:
    plain = await prompts.say("<speak>one two</speak>", language="en-US", gender="", voice_id="")
    paused = await prompts.say('<speak>one <break time="2s"/> two</speak>', language="en-US", gender="", voice_id="")

    assert paused.duration_ms > plain.duration_ms + 1_500


def test_ssml_keeps_only_known_markup() -> None:
    given = (
        '<speak xmlns="x"><voice name="!v/croak">a</voice><audio src="file:///etc/passwd">no</audio>'
        '<prosody rate="slow" volume="&quot;&gt;">b &lt; c</prosody><sub alias="W 3 C">W3C</sub></speak>'
    )

    assert safe_ssml(given) == '<speak>a<prosody rate="slow">b &lt; c</prosody>W 3 C</speak>'


@pytest.mark.parametrize(
    ("interpret_as", "text", "spelled"),
    [
        ("digits", "12345", "1 2 3 4 5"),
        ("telephone", "+1 (202) 555-0143", "+ 1, 2 0 2, 5 5 5, 0 1 4 3"),
        ("date", "12/31/2026", "12, 31, 2026"),
    ],
)
def test_ssml_spells_out_what_the_synthesizer_would_read_as_one(interpret_as: str, text: str, spelled: str) -> None:
    given = f'<speak>on <say-as interpret-as="{interpret_as}">{text}</say-as> <phoneme ph="x">again</phoneme></speak>'

    assert safe_ssml(given) == f"<speak>on {spelled} again</speak>"


async def test_slow_prosody_lengthens_and_loud_prosody_is_louder(prompts: SpeechPrompts) -> None:
    async def said(markup: str) -> Heard:
        text = f"<speak><prosody {markup}>one two three</prosody></speak>"
        return heard(await prompts.say(text, language="en-US", gender="", voice_id=""))

    plain, slow, soft = await said(""), await said('rate="50%"'), await said('volume="x-soft"')

    assert slow.duration_ms > plain.duration_ms * 1.4
    assert soft.level_dbfs < plain.level_dbfs - 3


def pitch_hz(prompt: Prompt) -> float:
    """The voice's pitch, roughly: the middle one of its voiced frames, by autocorrelation."""
    samples = decode_ulaw(prompt.path.read_bytes()).astype(float)
    found = []
    for start in range(0, len(samples) - 480, 240):
        frame = samples[start : start + 480] - samples[start : start + 480].mean()
        energy = float(frame @ frame)
        if energy / 480 < 250_000:  # silence and consonants
            continue
        peaks = [float(frame[lag:] @ frame[:-lag]) / energy for lag in range(20, 110)]
        if max(peaks) > 0.4:
            found.append(8_000 / (20 + int(np.argmax(peaks))))
    return float(np.median(found))


async def test_woman_speaks_higher_than_man(prompts: SpeechPrompts) -> None:
    text = "Good morning, how are you all today"
    man, woman = [
        pitch_hz(await prompts.say(text, language="en-US", gender=gender, voice_id="")) for gender in ("male", "female")
    ]

    assert 70 < man < 160
    assert woman > man * 1.3


async def test_every_language_of_the_table_is_spoken(prompts: SpeechPrompts) -> None:
    """One word of digits in each accent; the synthesizer takes a few milliseconds for it."""
    lengths = {
        voice.language: (await prompts.say("1 2", language="", gender="", voice_id=voice.id)).duration_ms
        for voice in list_voices(gender="female")
    }

    assert len({language.partition("-")[0] for language in lengths}) > 50
    assert {language: length for language, length in lengths.items() if not 250 < length < 4_000} == {}


async def test_same_text_is_spoken_once_even_when_asked_for_at_the_same_time(prompts: SpeechPrompts) -> None:
    made = await asyncio.gather(*(prompts.say("only once", language="en-US", gender="", voice_id="") for _ in range(5)))

    assert len({prompt.path for prompt in made}) == 1
    assert len({os.stat(prompt.path).st_ino for prompt in made}) == 1


async def test_synthesizer_that_was_killed_is_started_again(prompts: SpeechPrompts) -> None:
    await prompts.say("before", language="en-US", gender="", voice_id="")
    helper = prompts._synthesizer._helper
    assert helper is not None
    helper.process.kill()

    after = await prompts.say("after", language="en-US", gender="", voice_id="")

    assert heard(after).sounding_ms > 100


async def test_wav_behind_a_url_becomes_a_prompt(prompts: SpeechPrompts, web: Web, tmp_path: Path) -> None:
    web.files["http://files/a.wav"] = wav(tmp_path, beep())

    prompt = await prompts.fetch("http://files/a.wav")

    assert prompt.path.read_bytes() == (await prompts.beep()).path.read_bytes()
    assert prompt.duration_ms == 500


async def test_mp3_behind_a_url_becomes_a_prompt(prompts: SpeechPrompts, web: Web) -> None:
    web.files["http://files/a.mp3"] = mp3(duration_s=1.0)

    found = heard(await prompts.fetch("http://files/a.mp3"))

    assert 950 < found.duration_ms < 1_150
    assert -16 < found.level_dbfs < -12


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + b"\xff" * 40,
        b"ID3" + b"\0" * 100,
        b"\xff\xfb" + b"\x55" * 3_000,
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"<html>not found</html>",
    ],
)
async def test_file_that_is_no_audio_is_refused(prompts: SpeechPrompts, web: Web, content: bytes) -> None:
    """IN-4."""
    web.files["http://files/bad"] = content

    with pytest.raises(Invalid) as refused:
        await prompts.fetch("http://files/bad")

    assert refused.value.field == "url"


async def test_file_of_more_than_five_minutes_is_refused(prompts: SpeechPrompts, web: Web, tmp_path: Path) -> None:
    """IN-4."""
    web.files["http://files/long.wav"] = wav(tmp_path, np.zeros(301 * 8_000, dtype=np.int16))

    with pytest.raises(Invalid, match="longer than 300 s"):
        await prompts.fetch("http://files/long.wav")


async def test_file_is_asked_for_again_after_a_minute_and_its_change_is_heard(
    prompts: SpeechPrompts, web: Web, clock: Clock, tmp_path: Path
) -> None:
    url = "http://files/a.wav"
    web.files[url] = wav(tmp_path, beep())
    await prompts.fetch(url)
    web.files[url] = wav(tmp_path, beep()[:1_600])
    soon = await prompts.fetch(url)
    clock.now = 61.0

    later = await prompts.fetch(url)

    assert (soon.duration_ms, later.duration_ms) == (500, 200)
    assert web.requests == [url, url]


def test_store_gives_up_what_was_not_used_for_the_longest(tmp_path: Path) -> None:
    store = PromptStore(tmp_path, capacity_octets=3 * 4_000)
    for index, key in enumerate(("aa", "bb", "cc")):
        os.utime(store.add(key, beep()).path, (index, index))
    assert store.find("aa") is not None

    store.add("dd", beep())

    assert [key for key in ("aa", "bb", "cc", "dd") if store.find(key)] == ["aa", "dd"]


async def test_ringing_is_made_once_for_each_country(prompts: SpeechPrompts) -> None:
    british = await prompts.ringing("uk")

    assert (await prompts.ringing("gb")).path == british.path
    assert (await prompts.ringing()).path != british.path
    assert british.duration_ms == 3_000


async def test_ringing_of_an_unknown_country_is_refused(prompts: SpeechPrompts) -> None:
    with pytest.raises(Invalid) as refusal:
        await prompts.ringing("xx")

    assert refusal.value.field == "ring_tone"


async def test_music_is_ready_to_be_looped(prompts: SpeechPrompts) -> None:
    music = await prompts.music()

    assert music.path.stat().st_size == 8 * music.duration_ms
    assert heard(music).sounding_ms > 31_000
