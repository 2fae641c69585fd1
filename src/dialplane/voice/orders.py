"""Orders about live calls, as they come out of the node's mailbox (`services/calling/calls.py: NodeCommand`)."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.programs.source_json import read_callback
from dialplane.voice.leg import Leg, MuteDirection
from dialplane.voice.ports import Prompts

Order = Callable[[Leg, Mapping[str, object]], Coroutine[Any, Any, None]]
"""Given the live leg and the command's payload. A Refusal that it raises is logged and changes nothing."""


_SIDES: Mapping[str, tuple[str, ...]] = {"": (), "in": ("in",), "out": ("out",), "both": ("in", "out")}


async def hang_up(leg: Leg, payload: Mapping[str, object]) -> None:
    leg.hang_up(HangupReason.NORMAL, text="hung up by the API")


async def cancel(leg: Leg, payload: Mapping[str, object]) -> None:
    """End the call unless it was answered meanwhile."""
    if not leg.is_answered:
        leg.hang_up(HangupReason.CANCEL, text="canceled by the API")


async def tell_there(leg: Leg, payload: Mapping[str, object]) -> None:
    """Another status callback, from now on."""
    leg.update(extras=replace(leg.call.details, status=read_callback(payload)))


async def go_on(leg: Leg, payload: Mapping[str, object]) -> None:
    leg.go_on()


async def mute(leg: Leg, payload: Mapping[str, object]) -> None:
    await leg.mute(cast("MuteDirection", payload["direction"]))


async def unmute(leg: Leg, payload: Mapping[str, object]) -> None:
    left = set(_SIDES[leg.call.details.mute_direction]) - set(_SIDES[str(payload["direction"])])
    await leg.mute(cast("MuteDirection", next(name for name, sides in _SIDES.items() if left == set(sides))))


async def limit(leg: Leg, payload: Mapping[str, object]) -> None:
    leg.limit_whole(cast("int", payload["seconds"]))


async def hold(leg: Leg, payload: Mapping[str, object]) -> None:
    await leg.hold(payload["on"] is True)


async def silence(leg: Leg, payload: Mapping[str, object]) -> None:
    await leg.silence(payload["on"] is True)


CALL_ORDERS: Mapping[str, Order] = {
    "hangup": hang_up,
    "cancel": cancel,
    "continue": go_on,
    "tell": tell_there,
    "limit": limit,
    "mute": mute,
    "unmute": unmute,
    "hold": hold,
    "silence": silence,
}
"""Those that need nothing but the leg."""


@dataclass(frozen=True, slots=True)
class SoundOrders:
    """Those that let a party hear something."""

    prompts: Prompts

    async def talk(self, leg: Leg, payload: Mapping[str, object]) -> None:
        speech = await self.prompts.say(
            str(payload["text"]),
            language=str(payload["language"]),
            gender="",
            voice_id=str(payload["voice_id"]),
            provider=str(payload["provider"]),
        )
        media = await leg.media_ready()
        await media.play([speech])

    async def moh(self, leg: Leg, payload: Mapping[str, object]) -> None:
        media = await leg.media_ready()
        if payload["on"] is True:
            await media.play([await self.prompts.music()], loop=True)
        else:
            media.stop_playing()

    def orders(self) -> Mapping[str, Order]:
        return {"talk": self.talk, "moh": self.moh}
