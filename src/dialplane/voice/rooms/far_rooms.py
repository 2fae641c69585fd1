"""Both ends of a call that is on one node and in a conference of another (docs/decisions/0057).

The call's node calls the mixing one and joins the two legs; what is said passes as in any talk. On the mixing node the
leg stands for the caller: it has its call's id, so that orders about the participant find it, and writes nothing, since
the call is the other node's.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from dialplane.domain.calling.calls import CallStatus, Direction, HangupReason
from dialplane.domain.errors import NotAuthenticated, NotFound, Refusal
from dialplane.domain.ids import CallId, new_id
from dialplane.domain.programs.rooms import ConferenceLeft, JoinConference
from dialplane.sdp.negotiation import NotAcceptable
from dialplane.sdp.session import SdpError
from dialplane.services.identity.authentication import TokenSigner
from dialplane.services.rooms.conference_rooms import MixedElsewhere
from dialplane.services.rooms.far_rooms import find_party, find_place, read_pass, read_words, sign_pass, words_of
from dialplane.services.transaction import Database
from dialplane.voice.exchanges import exchange_for
from dialplane.voice.leg import Leg
from dialplane.voice.leg_context import LegContext
from dialplane.voice.rooms.conferences import Conferences
from dialplane.voice.talks import talk
from dialplane.voice.useragent.agent import IncomingCall, Source, UserAgent
from dialplane.voice.waiting import first_of

ROOM = "X-Dialplane-Room"
"""Bears the pass."""
SESSION_S = 90
"""A node that dies says nothing: the other asks in this time (RFC 4028)."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Standing:
    """A recorder for legs that stand for somebody else's call: they are found here, and write nothing."""

    live: dict[CallId, Leg]

    def changed(self, leg: Leg, event: str) -> None:
        """The call is the other node's."""

    def ended(self, leg: Leg) -> None:
        self.live.pop(leg.call.id, None)


@dataclass(frozen=True, slots=True)
class FarRooms:
    """Of one node."""

    database: Database
    agent: UserAgent
    signer: TokenSigner
    node: str
    context: LegContext
    """With `Standing` as its recorder."""
    live: dict[CallId, Leg]
    conferences: Callable[[], Conferences]
    now: Callable[[], datetime]

    # --- on the call's node ---

    async def join(self, leg: Leg, command: JoinConference, elsewhere: MixedElsewhere) -> ConferenceLeft:
        """Be in a conference that another node mixes, until one leaves it. Raises `elsewhere` where that node does not
        take the call, Unavailable where it does not live."""
        host, port = await find_place(self.database, elsewhere.node, self.now())
        call = replace(leg.call, id=CallId(new_id(self.now())), direction=Direction.OUTGOING, status=CallStatus.DIALING)
        far = Leg(call, self.context, billing=None)
        await far.media_ready()
        try:
            far.sip = self.agent.call(
                target=f"sip:{leg.call.id.hex}@{host}:{port}",
                caller=f"<sip:{leg.call.id.hex}@{self.agent.shown_host}>",
                destination=Source(host, port, "udp"),
                is_near=True,
                sdp=far.offer(),
                headers=((ROOM, sign_pass(self.signer, leg.call, command, self.now())),),
                watcher=far,
                session_s=SESSION_S,
            )
            await first_of(far.answered.wait(), far.ended.wait(), leg.ended.wait())
            if far.is_answered and not leg.is_ended:
                leg.tell_of(extras=replace(leg.call.details, conference_id=elsewhere.conference_id))
                await talk(leg, far)
            elif far.is_ended:
                raise elsewhere
        finally:
            far.hang_up()
        return read_words(far.call.cause_text, elsewhere.conference_id)

    # --- on the mixing node ---

    async def take(self, call: IncomingCall) -> None:
        """A call of another node, which shows a pass; whoever else tries gets 403."""
        try:
            wanted = read_pass(self.signer, call.request.headers.get(ROOM) or "", self.now())
            party, run = await find_party(self.database, wanted, call.source.host)
            audio = exchange_for(call.request.body, over_websocket=False)
        except (NotAuthenticated, NotFound) as refusal:
            log.warning("far_call_refused", source=call.source.host, reason=refusal.message)
            call.reject(403)
            return
        except Refusal:
            call.reject(503)
            return
        except (NotAcceptable, SdpError):
            call.reject(488)
            return
        if call.is_ended or party.id in self.live:
            call.reject(482)
            return
        standing = replace(
            party, node=self.node, direction=Direction.INCOMING, status=CallStatus.RINGING, progressing_at=None
        )
        leg = Leg(standing, self.context, billing=None, audio=audio)
        leg.sip = call
        call.watcher = leg
        self.live[party.id] = leg
        try:
            left = await self.conferences().be_in(leg, wanted.command, run)
            leg.hang_up(sip_reason=words_of(left))
        except Refusal as refusal:
            log.info("far_call_not_let_in", call_id=str(party.id), reason=refusal.message)
            leg.hang_up(HangupReason.FAILED, sip_code=480)
        finally:
            leg.hang_up(HangupReason.FAILED)
