"""`/v1.0/consent`: how consent is heeded, and what was said about it."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, get, post, put
from litestar.params import JSONBody, QueryParameter

from dialplane.domain.ids import NIL
from dialplane.domain.messaging.consent import (
    LONGEST_ANSWER,
    LONGEST_WORD,
    MOST_WORDS,
    ConsentSettings,
    Wish,
    Words,
)
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.messaging import consent as service
from dialplane.services.shapes.consent import consent_record_shape, consent_settings_shape

OwnWords = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_WORD)]], msgspec.Meta(max_length=MOST_WORDS)
]
Answer = Annotated[str, msgspec.Meta(max_length=LONGEST_ANSWER)]
Clock = Annotated[str, msgspec.Meta(pattern="^([0-9]{2}:[0-9]{2})?$")]


class Settings(msgspec.Struct):
    """The words stand beside those of the US rules, which always count. An empty answer: none is given."""

    enabled: bool
    stop_words: list[str]
    start_words: list[str]
    help_words: list[str]
    stop_answer: str
    start_answer: str
    help_answer: str
    quiet_from: str
    quiet_to: str


class SettingsUpdate(msgspec.Struct):
    """What is left out is as the platform has it. In quiet hours, by the receiver's clock, messages wait."""

    enabled: bool = True
    stop_words: OwnWords = []
    start_words: OwnWords = []
    help_words: OwnWords = []
    stop_answer: Answer | None = None
    start_answer: Answer | None = None
    help_answer: Answer | None = None
    quiet_from: Clock = ""
    quiet_to: Clock = ""


class Record(msgspec.Struct, rename={"own": "self"}):
    """`pool_id` nil: it was said to a number that is in no sender pool, and holds for all of those."""

    id: UUID
    customer_id: UUID
    peer: str
    pool_id: UUID
    wish: str
    source: str
    own: str
    text: str
    message_id: UUID
    tm_create: str | None


class NewRecord(msgspec.Struct):
    """What was learned elsewhere; `text` says how."""

    peer: Annotated[str, msgspec.Meta(max_length=64)]
    wish: Literal["STOP", "START"]
    pool_id: UUID = NIL
    text: Annotated[str, msgspec.Meta(max_length=1600)] = ""


@get("/", responses=answers(Settings))
async def get_settings(request: ApiRequest) -> Fields:
    """How the account's messages heed consent."""
    return consent_settings_shape(await service.get_consent_settings(request.database, request.account_id))


@put("/", responses=answers(Settings))
async def put_settings(request: ApiRequest, data: JSONBody[SettingsUpdate]) -> Fields:
    """Set all of it."""
    request.require_manager()
    settings = ConsentSettings(
        data.enabled,
        Words(tuple(data.stop_words), tuple(data.start_words), tuple(data.help_words)),
        data.stop_answer,
        data.start_answer,
        data.help_answer,
        data.quiet_from,
        data.quiet_to,
    )
    saved = await service.save_consent_settings(request.database, request.account_id, settings, request.now)
    return consent_settings_shape(saved)


@get("/records", responses=answers(Paged[Record]))
async def list_records(
    request: ApiRequest, page: Paging, peer: Annotated[str, QueryParameter(max_length=64)] = ""
) -> Fields:
    """What was said about consent, newest first; with `peer`, by that one."""
    rows = await service.list_consent_records(
        request.database, request.account_id, peer, before=page.before, limit=page.fetch
    )
    return show_page(rows, consent_record_shape, page)


@post("/records", status_code=200, responses=posted(Record, 404))
async def create_record(request: ApiRequest, data: JSONBody[NewRecord]) -> Fields:
    """Note that somebody wants messages, or wants none."""
    request.require_manager()
    pool_id = None if data.pool_id == NIL else data.pool_id
    record = await service.note_consent(
        request.database, request.account_id, data.peer, Wish(data.wish), pool_id, data.text, request.now
    )
    return consent_record_shape(record)


router = Router("/consent", route_handlers=[get_settings, put_settings, list_records, create_record], tags=["Messages"])
