"""An assistant behind any endpoint of the OpenAI-compatible form: `POST {url}/chat/completions`.

The operator gives the address, so it is not held to the rules for tenants' addresses: it may be on the own network.
"""

import re
from collections.abc import Sequence
from typing import Any

import aiohttp
import msgspec

from dialplane.domain.errors import Unavailable
from dialplane.domain.programs.ais import Speaker
from dialplane.domain.programs.assistants import MAX_TEXT, Answer, Turn
from dialplane.domain.programs.reviews import Judgement, ReviewKind

TIMEOUT_S = 20.0
MAX_ANSWER = 256 * 1024
MAKERS = ("openai", "gemini", "grok")

INSTRUCTION = (
    "You answer a telephone or text conversation. Answer in at most three short sentences of plain text. When the"
    " conversation is over, say goodbye and end with [END]."
)
END = "[END]"
REVIEWS = {
    ReviewKind.AUDIT: "You audit a talk between an assistant and a caller. Begin with a line `SCORE: n`, n from 0 to"
    " 100, for how well the assistant did its task; then say in a few sentences what was good, and what was not.",
    ReviewKind.PROPOSAL: "You are given the prompt of an assistant and talks that it had. Answer with a better prompt,"
    " and nothing else.",
    ReviewKind.ANALYSIS: "You are given the timeline of a call. Say in a few sentences what happened, what went wrong,"
    " and what to look at.",
}
HAND_OVER = "[HAND OVER {name}]"


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    model: str = ""


class ChatAssistant:
    """Fulfils `services.programs.assistants.Assistants`.

    An assistant's id is given on as the `user` of the request, so that the endpoint can tell assistants apart; its
    prompt follows ours, and its model takes the place of the one that is set up.
    """

    def __init__(self, url: str, *, key: str, model: str) -> None:
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._key = key
        self._model = model

    async def answer(self, turns: Sequence[Turn], *, speaker: Speaker | None) -> Answer:
        said = [Turn("system", _instruction(speaker)), *(turn for turn in turns if turn.text)]
        if speaker is None:
            answer = await self._ask(said)
        else:
            answer = await self._ask(said, user=str(speaker.ai.id), model=_model_of(speaker))
            for each in speaker.transitions:
                if HAND_OVER.format(name=each.function_name) in answer.text:
                    return Answer("", answer.model, hand_over=each.function_name)
        is_over = END in answer.text
        return Answer(answer.text.replace(END, "").strip(), answer.model, is_over)

    async def summarize(self, material: str, *, language: str) -> Answer:
        wish = f"Summarize in at most five sentences, in the language {language or 'of the text'}."
        return await self._ask([Turn("system", wish), Turn("user", material)])

    async def review(self, kind: ReviewKind, material: str, *, language: str) -> Judgement:
        wish = f"{REVIEWS[kind]} Write in the language {language or 'of the text'}."
        answer = await self._ask([Turn("system", wish), Turn("user", material)])
        return Judgement(answer.text, answer.model, _score(answer.text) if kind is ReviewKind.AUDIT else None)

    async def _ask(self, turns: Sequence[Turn], *, user: str = "", model: str = "") -> Answer:
        body: dict[str, Any] = {
            "model": model or self._model,
            "messages": [{"role": turn.who, "content": turn.text} for turn in turns],
        }
        if user:
            body["user"] = user
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self._key}"} if self._key else {})
        try:
            raw = await self._post(msgspec.json.encode(body), headers)
            completion = msgspec.json.decode(raw, type=_Completion)
            text = completion.choices[0].message.content or ""
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError, IndexError) as fault:
            raise Unavailable(f"The assistant does not answer: {type(fault).__name__} {fault}") from fault
        return Answer(text[:MAX_TEXT], completion.model or body["model"])

    async def _post(self, body: bytes, headers: dict[str, str]) -> bytes:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(self._url, data=body, headers=headers) as response,
        ):
            response.raise_for_status()
            return await response.content.read(MAX_ANSWER)


def _score(text: str) -> int | None:
    found = re.search(r"SCORE:\s*([0-9]{1,3})", text)
    return min(int(found.group(1)), 100) if found else None


def _instruction(speaker: Speaker | None) -> str:
    """Ours, the assistant's own, and how it hands over."""
    lines = [INSTRUCTION]
    if speaker is not None:
        lines += [speaker.ai.init_prompt] if speaker.ai.init_prompt else []
        lines += [
            f"To hand the conversation over ({each.description or each.function_name}), answer with"
            f" {HAND_OVER.format(name=each.function_name)} alone."
            for each in speaker.transitions
        ]
        lines += ["What you know:", *speaker.knowledge] if speaker.knowledge else []
    return "\n".join(lines)


def _model_of(speaker: Speaker) -> str:
    """VoIPBIN writes the maker before the model: `openai.gpt-4o`."""
    maker, _, model = speaker.ai.engine_model.partition(".")
    return model if maker in MAKERS and model else speaker.ai.engine_model
