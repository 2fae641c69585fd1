"""The one HTTP client for every URL that a tenant gave: webhooks, fetched flows, media files (SSRF-1, WH-5).

A name is resolved once, every address of it is checked, and the connection goes to a checked address; the name stays
in SNI and Host. No redirects but where they are asked for, no proxies, no cookies, no user information in the URL;
ports 80, 443 and 1024 to 65535.
Bodies are bounded before and after decompression, and one time limit covers the whole exchange.
"""

import asyncio
import contextlib
import socket
import ssl
import time
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import aiohttp

from dialplane.adapters.http.courier import Courier, NotDeliveredError, Receiver, write_request
from dialplane.adapters.http.destinations import (
    CheckedResolver,
    MayReach,
    RefusedError,
    Resolve,
    check_url,
    exact_url,
    make_socket,
)
from dialplane.adapters.http.replies import TooLargeError, read_body, read_document, words_of
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.eventing.webhooks import Reply
from dialplane.domain.networks import Address, Network, is_allowed
from dialplane.domain.programs.commands import Failed, Fetched
from dialplane.domain.rcml.forms import FORM_TYPE, SIGNATURE, place_form, twilio_signature

USER_AGENT = "Dialplane/0.1"
REPLY_HEAD = 1024
"""So much of a webhook's answer is read; what is longer is cut off and the connection closed."""

_ALWAYS_SENT = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
"""With every webhook; the head of the answer is kept for people to read, so it is not to be compressed."""

_REDIRECTS = (301, 302, 303, 307, 308)

_RESOLVER_THREADS = 16
"""Threads of their own: look-ups of a dead name server, which take many seconds, must not stop other work."""


class NotSentError(Exception):
    """Nothing of the request has left."""


class NoAnswerError(Exception):
    """The request has left, and what became of it is not known."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """A document that is asked for; `url` is without the parameters that a GET adds to it."""

    url: str
    method: str
    body: str
    content_type: str
    form: tuple[tuple[str, str], ...]
    token: str

    def request(self) -> tuple[str, bytes, dict[str, str]]:
        """Address, body and headers."""
        url, form_body = place_form(self.url, self.method, self.form)
        body = form_body or self.body
        headers = {"Content-Type": FORM_TYPE if form_body else self.content_type} if body else {}
        if self.token:
            headers[SIGNATURE] = twilio_signature(self.token, url, self.form if form_body else ())
        return url, body.encode(), headers

    def moved(self, location: str) -> "_Wish":
        """The same at another address. What its query holds already is not added to it once more."""
        url = urljoin(self.url, location)
        there = {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
        is_get = self.method == "GET"
        form = tuple(field for field in self.form if not (is_get and field[0] in there))
        return replace(self, url=url, form=form)


class GuardedClient:
    """Use as an async context manager. Safe for any number of requests at once; callers bound their own number."""

    def __init__(self, *, allow: Sequence[Network] = (), resolve: Resolve | None = None) -> None:
        self.allow = tuple(allow)
        """Networks that are not public and may be reached all the same."""
        self.resolve = resolve or self._resolve_by_system
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="resolve")
        self._opened: aiohttp.ClientSession | None = None
        self._resolver = CheckedResolver(self.resolve, self.may_reach)
        self._courier = Courier(self._addresses)

    async def __aenter__(self) -> Self:
        self._opened = self.make_session(self.may_reach)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def make_session(self, may_reach: MayReach, traces: Sequence[aiohttp.TraceConfig] = ()) -> aiohttp.ClientSession:
        """A session all of whose connections go to addresses that `may_reach` lets through; the caller closes it."""
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(self.resolve, may_reach),
            use_dns_cache=False,
            limit=0,
            socket_factory=lambda info: make_socket(info, may_reach),
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"},
            trace_configs=list(traces),
        )

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
        self._courier.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def may_reach(self, address: Address) -> bool:
        """Whether a tenant may make us go there: also for who connects by another protocol (SSRF-2)."""
        return is_allowed(address, self.allow)

    async def get(self, url: str, *, limit: int, timeout_s: float) -> tuple[bytes, str]:
        """The body of a file and its content type.

        Raises Invalid where the URL is refused or the body is longer than `limit`, Unavailable where the server fails
        or answers with anything but 2xx.
        """
        body, headers = await self._get(url, limit=limit, timeout_s=timeout_s)
        return body, headers.get("Content-Type", "")

    async def get_cached(
        self, url: str, *, limit: int, timeout_s: float, tls: ssl.SSLContext | None = None
    ) -> tuple[bytes, str]:
        """As `get`, with what the server says of keeping it (Cache-Control); `tls` says whose servers are believed."""
        body, headers = await self._get(url, limit=limit, timeout_s=timeout_s, tls=tls)
        return body, headers.get("Cache-Control", "")

    async def _get(
        self, url: str, *, limit: int, timeout_s: float, tls: ssl.SSLContext | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        try:
            status, body, headers = await self._exchange(url, "GET", b"", {}, limit=limit, timeout_s=timeout_s, tls=tls)
        except RefusedError as fault:
            raise Invalid(str(fault), field="url") from fault
        except TooLargeError as fault:
            raise Invalid(f"{url} is larger than {limit} bytes", field="url") from fault
        except (aiohttp.ClientError, OSError, ValueError, zlib.error) as fault:
            raise Unavailable(f"{url}: {words_of(fault)}") from fault
        if not 200 <= status < 300:
            raise Unavailable(f"{url} answered {status}")
        return body, headers

    async def exchange(
        self, url: str, method: str, body: bytes, headers: Mapping[str, str], *, limit: int, timeout_s: float
    ) -> tuple[int, bytes]:
        """Ask an API whose answer matters, once: status and body, whatever the status.

        Raises NotSentError and NoAnswerError with the reason in words.
        """
        try:
            status, answer, _ = await self._exchange(url, method, body, headers, limit=limit, timeout_s=timeout_s)
        except (RefusedError, aiohttp.ClientConnectorError, aiohttp.InvalidURL) as fault:
            raise NotSentError(words_of(fault)) from fault
        except TooLargeError as fault:
            raise NoAnswerError(f"the answer is larger than {limit} bytes") from fault
        except (aiohttp.ClientError, OSError, ValueError, zlib.error) as fault:
            raise NoAnswerError(words_of(fault)) from fault
        return status, answer

    async def fetch(
        self,
        url: str,
        method: str = "POST",
        body: str = "",
        content_type: str = "application/json",
        *,
        form: Sequence[tuple[str, str]] = (),
        token: str = "",
        redirects: int = 0,
        attempts: int = 1,
        timeout_s: float = 15.0,
        limit: int = 65536,
    ) -> Fetched | Failed:
        """Ask a tenant's server for a document within the budget of WH-5. Any HTTP status is `Fetched`.

        `form` goes into the query of a GET, else into the body. With `token` the request bears Twilio's signature.
        At most `redirects` are followed, each guarded like the first and asked the same way with the same parameters.
        A connection that breaks is made anew until `attempts` are used up, all within the time.
        """
        wish = _Wish(url, method, body, content_type, tuple(form), token)
        try:
            async with asyncio.timeout(timeout_s):
                for _ in range(attempts - 1):
                    with contextlib.suppress(aiohttp.ServerDisconnectedError, ConnectionResetError):
                        return await self._ask(wish, redirects, limit=limit, timeout_s=timeout_s)
                return await self._ask(wish, redirects, limit=limit, timeout_s=timeout_s)
        except TooLargeError:
            return Failed(f"the answer is larger than {limit} bytes")
        except (aiohttp.ClientError, OSError, ValueError, zlib.error) as fault:
            return Failed(words_of(fault))

    async def _ask(self, wish: "_Wish", redirects: int, *, limit: int, timeout_s: float) -> Fetched | Failed:
        for _ in range(redirects + 1):
            url, body, headers = wish.request()
            check_url(url, self.allow)
            async with self._session.request(
                wish.method,
                exact_url(url),
                data=body or None,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as response:
                location = response.headers.get("Location", "")
                if not (redirects and response.status in _REDIRECTS and location):
                    return await read_document(response, wish.url, limit)
            wish = wish.moved(location)
        return Failed(f"there were more than {redirects} redirects")

    async def deliver(
        self,
        url: str,
        method: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        query: Sequence[tuple[str, str]] = (),
        timeout_s: float = 15.0,
    ) -> Reply:
        """Send a webhook, with `query` appended to its address.

        Never raises for anything that the far side does; `Reply.error` says what was wrong.
        """
        started = time.monotonic()
        try:
            place = _place(url, self.allow)
            target = exact_url(url).extend_query(query).raw_path_qs if query else place.target
            request = write_request(method, place.authority, target, {**_ALWAYS_SENT, **headers}, body)
            answer = await self._courier.send(place.receiver, request, limit=REPLY_HEAD, timeout_s=timeout_s)
        except NotDeliveredError as fault:
            return Reply(None, str(fault), duration_ms=_since(started))
        except (OSError, ValueError) as fault:
            return Reply(None, words_of(fault), duration_ms=_since(started))
        return Reply(answer.status, "", answer.head.decode(errors="replace"), answer.retry_after, _since(started))

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            raise RuntimeError("the client is used before it is entered")
        return self._opened

    async def _exchange(
        self,
        url: str,
        method: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        limit: int,
        timeout_s: float,
        tls: ssl.SSLContext | None = None,
    ) -> tuple[int, bytes, Mapping[str, str]]:
        check_url(url, self.allow)
        async with self._session.request(
            method,
            exact_url(url),
            data=body or None,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            ssl=tls or True,
        ) as response:
            return response.status, await read_body(response, limit), response.headers

    async def _addresses(self, host: str) -> list[str]:
        """Where webhooks to the host may go; an address is its own."""
        try:
            found = await self._resolver.resolve(host)
        except RefusedError:
            raise
        except OSError as fault:
            raise NotDeliveredError("the name does not resolve") from fault
        return [each["host"] for each in found]

    async def _resolve_by_system(self, host: str) -> list[str]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a webhook goes, as far as the URL says it."""

    receiver: Receiver
    authority: str
    target: str


@lru_cache(maxsize=1024)
def _place(url: str, allow: tuple[Network, ...]) -> _Place:
    """The same few addresses get all webhooks. Raises RefusedError."""
    check_url(url, allow)
    exact = exact_url(url)
    host, port = exact.raw_host, exact.port
    assert host is not None  # `check_url` has seen both
    assert port is not None
    receiver = Receiver(host, port, is_tls=exact.scheme == "https")
    return _Place(receiver, exact.host_port_subcomponent or host, exact.raw_path_qs)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
