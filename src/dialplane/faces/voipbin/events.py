"""`/v1.0/ws`: events as they happen (reference 8.3).

The client sends `{"type": "subscribe", "topics": […]}` or `"unsubscribe"`, and gets webhook bodies with the event's id:
`{"id": …, "type": "call_hangup", "data": {…}}`. There is no acknowledgement; a topic that is not permitted closes the
socket. Beyond the peer: with `"after": "<event id>"` the events since then come first, and `{"type": "subscribed",
"topics": […]}` after them; with `"after": ""` only that word comes. Whoever does not read is closed with 1013 and may
go on after the last event that it has. A visitor follows its own conversation, and what is said in it:
`customer_id:<id>:aicall:<id>` or `customer_id:<id>:webchat_session:<id>`.
"""

import asyncio
import time
from typing import Annotated, Literal

import msgspec
from litestar import Router, websocket
from litestar.exceptions import WebSocketDisconnect

from dialplane.domain.errors import Invalid, LimitExceeded, Refusal, Unavailable
from dialplane.domain.eventing.topics import MAX_TOPIC, FedEvent
from dialplane.faces.voipbin.denial import deny
from dialplane.faces.voipbin.request import ApiSocket
from dialplane.faces.voipbin.visitors import open_to_visitors
from dialplane.services.eventing.event_feed import MOST_TOPICS, Follower, FollowingEnded, Subscribed

CHECK_EVERY_S = 0.5
"""How long nothing is asked about the credential while events go out (API-4: within a second)."""

_POLICY, _TRY_AGAIN = 1008, 1013
_REASON_OCTETS = 123
"""What a close frame can carry (RFC 6455 section 5.5)."""

_Topics = Annotated[list[Annotated[str, msgspec.Meta(max_length=MAX_TOPIC)]], msgspec.Meta(max_length=MOST_TOPICS)]


class Wish(msgspec.Struct):
    """What a client sends."""

    type: Literal["subscribe", "unsubscribe"]
    topics: _Topics
    after: Annotated[str, msgspec.Meta(max_length=36)] | None = None


@websocket("/", opt=open_to_visitors("aicall", "webchat_session"))
async def follow_events(socket: ApiSocket) -> None:
    try:
        async with socket.ports.events.follow(socket.user) as follower:
            await socket.accept()
            await _serve(socket, follower)
    except LimitExceeded as refusal:
        await deny(socket.scope, socket.send, refusal)


async def _serve(socket: ApiSocket, follower: Follower) -> None:
    waits = [asyncio.create_task(_listen(socket, follower)), asyncio.create_task(_tell(socket, follower))]
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        code, reason = done.pop().result()
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    if code:
        await socket.close(code, reason=reason.encode()[:_REASON_OCTETS].decode(errors="ignore"))


async def _listen(socket: ApiSocket, follower: Follower) -> tuple[int, str]:
    """Take wishes until the client closes, or wishes for what it may not. The close that is due; 0: none."""
    decoder = msgspec.json.Decoder(Wish)
    try:
        while True:
            wish = _read(decoder, await socket.receive_data("text"))
            await socket.check_credential()
            if wish.type == "subscribe":
                await follower.subscribe(wish.topics, wish.after)
            else:
                follower.unsubscribe(wish.topics)
    except WebSocketDisconnect:
        return 0, ""
    except Unavailable as refusal:
        return _TRY_AGAIN, refusal.message
    except Refusal as refusal:
        return _POLICY, refusal.message


async def _tell(socket: ApiSocket, follower: Follower) -> tuple[int, str]:
    """Send what the follower gets, for as long as its credential is good."""
    checked_until = 0.0
    try:
        async for message in follower.messages():
            if time.monotonic() > checked_until:
                await socket.check_credential()
                checked_until = time.monotonic() + CHECK_EVERY_S
            await socket.send_data(_show(message), "text")
    except FollowingEnded as ended:
        return _TRY_AGAIN, ended.reason
    except Unavailable as refusal:
        return _TRY_AGAIN, refusal.message
    except Refusal as refusal:
        return _POLICY, refusal.message
    except OSError:  # the client went away while it was being told
        pass
    return 0, ""


def _read(decoder: "msgspec.json.Decoder[Wish]", text: str) -> Wish:
    try:
        return decoder.decode(text)
    except msgspec.DecodeError as fault:
        raise Invalid(f"Not understood: {fault}") from fault


def _show(message: FedEvent | Subscribed) -> bytes:
    if isinstance(message, Subscribed):
        return msgspec.json.encode({"type": "subscribed", "topics": message.topics})
    return message.message


router = Router("/ws", route_handlers=[follow_events])
