"""`/v1.0/voices`: who can speak (beside the reference, which keeps this list in its documentation, 6.8)."""

from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import QueryParameter

from dialplane.domain.errors import Invalid
from dialplane.domain.speech.voices import list_voices
from dialplane.faces.voipbin.answers import Fields, answers
from dialplane.faces.voipbin.paging import LARGEST_PAGE
from dialplane.services.shapes.voices import voice_shape


class Voice(msgspec.Struct):
    """A voice of the embedded synthesizer; `id` is what `voice_id` takes."""

    id: str
    language: str
    name: str
    accent: str
    gender: str
    provider: str


class Voices(msgspec.Struct):
    """One page, sorted by language; `next_page_token` is empty on the last one."""

    result: list[Voice]
    next_page_token: str


@get("/voices", responses=answers(Voices))
async def get_voices(
    language: Annotated[
        str, QueryParameter(description="A language (`en`: all its accents) or one accent (`en-GB`).", max_length=35)
    ] = "",
    gender: Annotated[str, QueryParameter(description="`male` or `female`.", max_length=16)] = "",
    page_size: Annotated[
        int, QueryParameter(description="Rows of a page; 0 and less, and more than 100, give 100.")
    ] = LARGEST_PAGE,
    page_token: Annotated[
        str, QueryParameter(description="`next_page_token` of the page before; empty for the first page.")
    ] = "",
) -> Fields:
    """The voices that `talk` and `Say` may use; a language without a voice is refused, here as there."""
    limit = page_size if 1 <= page_size <= LARGEST_PAGE else LARGEST_PAGE
    voices = [voice_shape(voice) for voice in list_voices(language=language, gender=gender)]
    start = 0
    if page_token:
        start = next((place + 1 for place, voice in enumerate(voices) if voice["id"] == page_token), 0)
        if not start:
            raise Invalid(
                "page_token is not the next_page_token of this list",
                reason="INVALID_REQUEST_PARAMETER",
                field="page_token",
            )
    shown = voices[start : start + limit]
    more_follow = len(voices) > start + limit
    return {"result": shown, "next_page_token": shown[-1]["id"] if more_follow else ""}


router = Router("/", route_handlers=[get_voices], tags=["Speech"])
