"""A PBX calls out by its account's trunk: the same rules as for any call that the account starts, asked before the
PBX hears anything (VoIPBIN reference sections 6.5 and 9.3)."""

from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.addresses import Address, is_tel
from dialplane.domain.calling.pbx_trunks import PbxTrunk
from dialplane.domain.calling.routing import Candidate, Refused, RouteDecision, Verdict, user_forms
from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.ids import CallId
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.calling.dialling import OutgoingWish, judge_calls
from dialplane.services.calling.outbound_limits import find_limit_reached
from dialplane.services.charging.ledger import could_hold
from dialplane.services.transaction import Transaction


@dataclass(frozen=True, slots=True)
class PbxCall:
    """What the INVITE of a PBX asks for."""

    call_id: CallId
    trunk: PbxTrunk
    dialled: str
    shown: str
    """The user part of From: the caller ID that the PBX wants."""
    shown_name: str
    node: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """Where the call goes; `connect` is the action that takes it there, None where it is refused."""

    decision: RouteDecision
    account: Account
    connect: dict[str, object] | None = None


async def plan_way_out(tx: Transaction, call: PbxCall, now: datetime) -> WayOut:
    """Nothing is reserved or written: the leg to the PSTN is opened, with all that this takes, when it is dialled."""
    account = (await tx.accounts.find_many({call.trunk.account_id}))[call.trunk.account_id]
    target = user_forms(call.dialled, account.home_country)[0]
    if not account.status.may_use:
        reason = f"the account is {account.status}"
        return WayOut(_decision(call, account, target, Refused.ACCOUNT_NOT_ACTIVE, reason), account)
    if not is_tel(target):
        reason = f"{call.dialled} is no phone number"
        return WayOut(_decision(call, account, target, Refused.UNKNOWN_NUMBER, reason), account)
    wish = OutgoingWish(
        call_id=call.call_id,
        account_id=account.id,
        destination=Address("tel", target),
        node=call.node,
        source=Address("tel", user_forms(call.shown, account.home_country)[0], target_name=call.shown_name),
    )
    (outcome,) = await judge_calls(tx, [wish], now)
    if isinstance(outcome, Refusal):
        return WayOut(_decision(call, account, target, _refused(outcome), outcome.message), account)
    if reached := await find_limit_reached(tx, outcome.billing, target, now):
        return WayOut(_decision(call, account, target, Refused.OUTBOUND_LIMIT_REACHED, reached), account)
    if not outcome.billing.is_free and not await could_hold(tx, outcome.billing.hold(now), now):
        reason = "the account's balance does not cover a minute of this call"
        return WayOut(_decision(call, account, target, Refused.INSUFFICIENT_BALANCE, reason), account)
    reason = f"goes out to the PSTN by the trunk {call.trunk.domain_name}"
    source = outcome.call.source
    connect: dict[str, object] = {
        "type": "connect",
        "option": {
            "source": {"type": source.type, "target": source.target, "target_name": source.target_name},
            "destinations": [{"type": "tel", "target": outcome.call.destination.target}],
            "early_media": True,
            "relay_reason": True,
        },
    }
    return WayOut(_decision(call, account, outcome.call.destination.target, Refused.NONE, reason), account, connect)


def _refused(refusal: Refusal) -> Refused:
    if not isinstance(refusal, Invalid):
        return Refused.DESTINATION_NOT_ALLOWED
    return Refused.CALLER_ID_NOT_OWNED if refusal.field == "source" else Refused.UNKNOWN_NUMBER


def _decision(call: PbxCall, account: Account, target: str, refused: Refused, reason: str) -> RouteDecision:
    found = Candidate("trunk", target, "refused" if refused else "chosen", reason, call.trunk.id)
    return RouteDecision(
        kind="call",
        raw=call.dialled,
        normalized=target,
        verdict=Verdict.REFUSE if refused else Verdict.RUN,
        reason=reason,
        refused=refused,
        organization_id=account.organization_id,
        candidates=(found,),
    )
