"""REFER within calls (Restcomm reference 5.7): a document decides about the party that is left, or a phone of the
account transfers as the users of a PBX expect; and our own REFER, which a program asks for."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from dialplane.domain.addresses import Address, is_tel
from dialplane.domain.errors import NotFound, Refusal
from dialplane.domain.programs.commands import Referred, ReferTo
from dialplane.domain.programs.sources import TWILIO_VERSION, DocumentSource, ProgramSource
from dialplane.services.calling.referrals import find_refer_document, has_extension
from dialplane.services.transaction import Database
from dialplane.sip.refer import Replaced
from dialplane.voice.leg import Leg
from dialplane.voice.transfers import Transfers
from dialplane.voice.useragent.refer import IncomingRefer

log = structlog.get_logger()


class Redirect(Protocol):
    """Lets a leg run something else."""

    def __call__(self, leg: Leg, source: ProgramSource) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class Referrals:
    """Answers REFER on this node."""

    database: Database
    transfers: Transfers
    redirect: Redirect
    live: Callable[[], list[Leg]]
    """The node's legs."""

    async def take(self, leg: Leg, refer: IncomingRefer) -> None:
        """Accept or refuse. What cannot be transferred is 404 with the reason; the call goes on as it was."""
        try:
            transferee = leg.partner
            if transferee is None or transferee.is_ended or not refer.target.user:
                raise NotFound("there is nobody to transfer, or nobody to transfer to")
            document = leg.talk.refer if leg.talk is not None else None
            document = document or await find_refer_document(self.database, leg.call)
            if document is not None:
                await self._run_document(leg, transferee, refer, document)
            else:
                await self._as_a_pbx(leg, transferee, refer)
        except Refusal as refusal:
            log.info("refer_refused", call_id=str(leg.call.id), reason=refusal.message)
            refer.refuse(404, refusal.message)

    async def _run_document(self, leg: Leg, transferee: Leg, refer: IncomingRefer, document: DocumentSource) -> None:
        """The document runs on the transferee's leg; the transferor gets BYE."""
        target = refer.target.user
        transferor, party = _user(leg), _user(transferee)
        refer.accept()
        transferee.update(
            extras=replace(transferee.call.details, refer_target=target, transferor=transferor, transferee=party)
        )
        refer.tell(200)
        told: tuple[tuple[str, str], ...] = ()  # whom it is about is told with every request of the transferee's call
        if transferee.call.details.api_version == TWILIO_VERSION:
            told = (("ReferTransferTarget", f"<{refer.target.uri}>"),)
        await self.redirect(transferee, replace(document, parameters=told))
        leg.hang_up(text="transferred")

    async def _as_a_pbx(self, leg: Leg, transferee: Leg, refer: IncomingRefer) -> None:
        """A phone of the account may transfer whom it talks with: to a phone, to a number, or to whom it talks with on
        another line (Replaces). Raises NotFound for anybody else."""
        if "extension" not in (leg.call.source.type, leg.call.destination.type):
            raise NotFound("the number has no refer target")
        if refer.target.replaced is not None:
            other = self._find(leg, refer.target.replaced)
            if other is None or not self.transfers.join_partners(leg, other):
                raise NotFound("the call to be replaced is not here")
            refer.accept()
            refer.tell(200)
            for each in (leg, other):
                each.hang_up(text="transferred")
            return
        address = await self._address(leg, refer.target.user)
        refer.accept()
        refer.tell(200)
        leg.keep(self.transfers.blind(leg, (address,)))

    async def _address(self, leg: Leg, user: str) -> Address:
        async with self.database.reading() as tx:
            if await has_extension(tx, leg.call, user):
                return Address("extension", user)
        if is_tel(user):
            return Address("tel", user)
        raise NotFound("the target is no phone of the account and no number")

    def _find(self, leg: Leg, replaced: Replaced) -> Leg | None:
        """Another call of the same account by its dialog, whichever side names the tags."""
        tags = {replaced.to_tag, replaced.from_tag}
        for each in self.live():
            is_it = each.sip is not None and each.sip.id == replaced.call_id and set(each.sip.tags) == tags
            if is_it and each is not leg and each.call.account_id == leg.call.account_id:
                return each
        return None

    async def refer_to(self, leg: Leg, command: ReferTo) -> Referred:
        """Ask the party to call somebody else; one that agrees is hung up when it says what came of it."""
        sip = leg.sip
        if sip is None or not leg.is_answered or leg.is_ended:
            return Referred(0)
        news: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
        leg.refer_news = news
        sip.refer(_uri(command.target, sip.source.host, sip.source.port))
        answer = notified = 0
        ended = asyncio.ensure_future(leg.ended.wait())
        try:
            async with asyncio.timeout(command.timeout_s):
                while answer < 300 and notified < 200 and not leg.is_ended:
                    told = asyncio.ensure_future(news.get())
                    await asyncio.wait((told, ended), return_when=asyncio.FIRST_COMPLETED)
                    if told.done():
                        answer, notified = told.result()[0] or answer, told.result()[1] or notified
                    told.cancel()
        except TimeoutError:
            log.info("refer_not_answered", call_id=str(leg.call.id))
        finally:
            ended.cancel()
            leg.refer_news = None
        if 200 <= answer < 300:
            leg.hang_up(text="transferred")
            await leg.ended.wait()  # the program hears of both at once
        return Referred(answer, notified)


def _user(leg: Leg) -> str:
    """Who is at the other end of the leg."""
    party = leg.call.source if leg.call.direction == "incoming" else leg.call.destination
    return party.target_name or party.target


def _uri(target: str, host: str, port: int) -> str:
    """A URI as it is; a number or name at the place where the party is."""
    return target if target.startswith(("sip:", "sips:", "tel:")) else f"sip:{target}@{host}:{port}"
