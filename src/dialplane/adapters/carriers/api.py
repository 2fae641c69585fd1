"""A carrier's HTTP API: one request at a time, each put on record, its failures told apart by what they leave known."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import msgspec
import structlog

from dialplane.adapters.http.guarded import GuardedClient, NoAnswerError, NotSentError
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import new_id, utc_now
from dialplane.services.messaging.message_sending import Accepted
from dialplane.services.supply.carrier_accounts import Exchange
from dialplane.services.supply.carriers import CarrierBusy, CarrierFailed, CarrierTimeout
from dialplane.services.transaction import Database

log = structlog.get_logger()

TIMEOUT_S = 8.0
"""Of one request: below the time that a buyer waits."""
LARGEST_ANSWER = 2 << 20
_LONGEST_KEPT = 4096
_LONGEST_ID = 255
_HIDDEN = "***"
_SECRET = re.compile(r"(?i)token|secret|password|pin$|passcode|api_?key|authorization|signature|^file$")
_WRITTEN = re.compile(r"(?i)^(text|body|subject|media_urls|mediaurl.*)$")
"""What people wrote to each other is not for the record of a carrier's API."""


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What the API said: a status below 500 that is no refusal of ourselves, and its JSON."""

    status: int
    data: Any

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


class CarrierApi:
    """The API of one account. `headers` hold the credential and are never put on record."""

    def __init__(
        self,
        client: GuardedClient,
        database: Database,
        carrier: str,
        headers: Mapping[str, str],
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client = client
        self._database = database
        self._carrier = carrier
        self._headers = dict(headers)
        self._clock = clock

    async def ask(
        self,
        method: str,
        url: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        json: object = None,
        form: Sequence[tuple[str, str]] | None = None,
        about: str = "",
    ) -> ApiAnswer:
        """Ask once; never again by itself. `about` is the number or the order, for the record.

        Raises CarrierBusy (nothing was done), CarrierTimeout (not known), CarrierFailed (we are not let in).
        """
        where = f"{url}?{urlencode(query)}" if query else url
        body, headers = _body(json, form)
        started, at = time.monotonic(), self._clock()
        status, answer, fault = None, b"", ""
        try:
            status, answer = await self._client.exchange(
                where, method, body, self._headers | headers, limit=LARGEST_ANSWER, timeout_s=TIMEOUT_S
            )
            return _judge(status, answer)
        except NotSentError as error:
            fault = str(error)
            raise CarrierBusy(f"the carrier is not reached: {fault}") from error
        except NoAnswerError as error:
            fault = str(error)
            raise CarrierTimeout(f"the carrier gave no answer: {fault}") from error
        finally:
            await self._keep(
                Exchange(
                    new_id(at),
                    self._carrier,
                    "out",
                    method,
                    _LONG.sub("", where.partition("://")[2].partition("/")[2])[:1024],
                    at,
                    request=shown(json if json is not None else dict(form or ())),
                    status=status,
                    answer=_shown_answer(answer),
                    fault=fault or ("" if status else "given up by who asked"),
                    about=about,
                    duration_ms=round((time.monotonic() - started) * 1000),
                )
            )

    async def _keep(self, exchange: Exchange) -> None:
        try:
            async with self._database.transaction() as tx:
                await tx.carriers.add_exchange(exchange)
        except Unavailable:
            log.warning("carrier_exchange_not_kept", carrier=exchange.carrier, status=exchange.status)


_LONG = re.compile(r"[^\x21-\x7e]")


def shown(content: object) -> str:
    """What is put on record of a request or an answer: without secrets, texts and overlength."""
    return "" if not content else msgspec.json.encode(_hide(content)).decode()[:_LONGEST_KEPT]


def _hide(content: object) -> object:
    if isinstance(content, Mapping):
        return {
            name: _HIDDEN if value and (_SECRET.search(str(name)) or _WRITTEN.search(str(name))) else _hide(value)
            for name, value in content.items()
        }
    if isinstance(content, list | tuple):
        return [_hide(each) for each in content]
    return content


def _shown_answer(answer: bytes) -> str:
    try:
        return shown(msgspec.json.decode(answer)).replace("\\u0000", "")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return answer[:_LONGEST_KEPT].decode("ascii", errors="replace").replace("\0", "")


def _body(json: object, form: Sequence[tuple[str, str]] | None) -> tuple[bytes, dict[str, str]]:
    if json is not None:
        return msgspec.json.encode(json), {"Content-Type": "application/json"}
    if form is not None:
        return urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    return b"", {}


def _judge(status: int, answer: bytes) -> ApiAnswer:
    """Raises CarrierBusy, CarrierTimeout, CarrierFailed."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise CarrierBusy("the carrier takes no more requests for a while (429)")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise CarrierFailed(f"the carrier does not let this account in ({status}): check its key and its rights")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT or 300 <= status < 400:
        raise CarrierTimeout(f"the carrier answered {status}")
    try:
        return ApiAnswer(status, msgspec.json.decode(answer) if answer.strip() else {})
    except msgspec.DecodeError as fault:
        raise CarrierTimeout(f"the carrier answered {status} with what is no JSON") from fault


def text_at(data: object, *path: str | int) -> str:
    """The text, number or flag at a place in foreign JSON; "" where there is none."""
    for step in path:
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and len(data) > step else None
        else:
            data = data.get(step) if isinstance(data, Mapping) else None
    return "" if data is None or isinstance(data, Mapping | list) else str(data)


def records_at(data: object, *path: str) -> list[Mapping[str, Any]]:
    """The objects of the list at a place in foreign JSON; what is no object is left out."""
    return [each for each in list_at(data, *path) if isinstance(each, Mapping)]


def accepted(carrier_id: str) -> Accepted:
    """Raises CarrierTimeout where a carrier has taken a text without a word by which its receipts would be known."""
    if not 1 <= len(carrier_id) <= _LONGEST_ID:
        raise CarrierTimeout("the carrier took the message and did not name it")
    return Accepted(carrier_id)


def listed(answer: ApiAnswer, name: str) -> list[Mapping[str, Any]]:
    """The objects of a list that was asked for. From an answer without it nothing can be concluded, least of all that
    there is none of what was looked for. Raises CarrierTimeout."""
    if not isinstance(answer.data, Mapping) or not isinstance(answer.data.get(name), list):
        raise CarrierTimeout(f"the carrier answered {answer.status} without {name}")
    return records_at(answer.data, name)


def record_at(data: object, name: str) -> Mapping[str, Any]:
    """The object of this name; an empty one where there is none."""
    found = data.get(name) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def whole_at(data: object, *path: str) -> int:
    """The whole number at a place in foreign JSON; 0 where there is none."""
    text = text_at(data, *path)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def list_at(data: object, *path: str) -> list[Any]:
    """The list at a place in foreign JSON; an empty one where there is none."""
    for step in path:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data if isinstance(data, list) else []


MOST_PARTS = 100
"""What a message of ours can have."""


def counted_parts(value: object) -> int:
    """Segments as a carrier counts them, written as a number or as text; 0 where it says nothing of use."""
    text = str(value)
    counted = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    return counted if counted <= MOST_PARTS else 0
