"""PBXs that call out by their account's trunk (VoIPBIN reference 6.5 and 9.3)."""

from collections.abc import Sequence

from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.calling.outbound_limits import OutboundLimits
from dialplane.domain.calling.pbx_trunks import AuthType, PbxTrunk
from dialplane.domain.ids import utc_now
from dialplane.phone.softphone import PhoneCall, Softphone
from dialplane.services.calling.outbound_limits import set_outbound_limits
from dialplane.services.calling.pbx_trunks import PbxTrunkChange, create_pbx_trunk
from dialplane.services.charging.billing import get_balance
from dialplane.voice.defence.guesses import WRONG_FOR_USER
from dialplane.voice.useragent.challenge import Credentials
from tests.voice.platform import VoiceNode

OWN = "+12025550143"
ANSWERS = "+12025550106"
"""A number of the simulated carrier that answers."""


async def trunk(node: VoiceNode, *auth_types: AuthType, allowed: Sequence[str] = ("127.0.0.1",)) -> PbxTrunk:
    change = PbxTrunkChange("office", auth_types, "pbx", "secret", allowed)
    return await create_pbx_trunk(node.database, node.account_id, change, utc_now())


async def dial(
    node: VoiceNode,
    phone: Softphone,
    target: str = ANSWERS,
    *,
    shown: str = OWN,
    password: str | None = None,
    host: str = "office.trunk.voipbin.net",
) -> PhoneCall:
    """A PBX calls out."""
    return await phone.call(
        f"sip:{target}@{host}",
        caller=f"<sip:{shown}@pbx.example.com>",
        server=node.server,
        credentials=None if password is None else Credentials("pbx", password),
    )


async def refusal(call: PhoneCall) -> int:
    assert not await call.wait_answered()
    assert call.end is not None
    return call.end.status


async def last_call(node: VoiceNode) -> Call:
    return (await node.calls())[-1]


async def test_pbx_with_the_password_calls_the_pstn_as_its_account(node: VoiceNode) -> None:
    await node.bare_number(OWN)
    made = await trunk(node, AuthType.BASIC)
    before = (await get_balance(node.database, node.account_id)).purse.credit
    async with node.phone() as pbx:
        call = await dial(node, pbx, "2025550106", shown="2025550143", password="secret")
        assert await call.wait_answered()
        await call.ended.wait()
    incoming, outgoing = [await node.ended_call(each.id) for each in await node.calls()]

    assert (outgoing.source.target, outgoing.destination.target) == (OWN, ANSWERS)
    assert outgoing.master_call_id == incoming.id
    assert incoming.route is not None
    candidates = incoming.route["candidates"]
    assert isinstance(candidates, list)
    assert [(each["what"], each["id"], each["verdict"]) for each in candidates] == [("trunk", str(made.id), "chosen")]
    after = (await get_balance(node.database, node.account_id)).purse.credit
    assert before - after == 10_000


async def test_pbx_from_an_allowed_address_needs_no_password(node: VoiceNode) -> None:
    await node.bare_number(OWN)
    await trunk(node, AuthType.IP, AuthType.BASIC, allowed=["127.0.0.9"])
    async with node.phone(host="127.0.0.9") as pbx, node.phone(host="127.0.0.10") as other:
        call = await dial(node, pbx)
        assert await call.wait_answered()
        call.hang_up()

        assert await refusal(await dial(node, other)) == 407
        assert await refusal(await dial(node, other, password="wrong")) in (403, 407)


async def test_pbx_that_is_not_let_in_leaves_no_call(node: VoiceNode) -> None:
    """CVE-12, CVE-17: no password, a wrong one, another user's, an address that is not on the list."""
    await node.bare_number(OWN)
    await node.extension("pbx", "extension's")
    await trunk(node, AuthType.BASIC)
    async with node.phone() as pbx:
        assert await refusal(await dial(node, pbx)) == 407
        assert await refusal(await dial(node, pbx, password="wrong")) in (403, 407)
        assert await refusal(await dial(node, pbx, password="extension's")) in (403, 407)
        assert await refusal(await dial(node, pbx, host="nobody.trunk.voipbin.net")) == 404
    assert await node.calls() == []


async def test_pbx_at_a_wrong_address_is_forbidden_where_only_addresses_count(node: VoiceNode) -> None:
    await node.bare_number(OWN)
    await trunk(node, AuthType.IP, allowed=["127.0.0.9"])
    async with node.phone() as pbx:
        assert await refusal(await dial(node, pbx, password="secret")) == 403
    assert await node.calls() == []


async def test_what_the_account_may_not_call_is_refused_and_on_record(node: VoiceNode) -> None:
    """FRD-1, FRD-3, FRD-8, FRD-9: a foreign caller ID, a country that is off, premium, no number at all, a limit, no
    money."""
    await node.bare_number(OWN)
    await trunk(node, AuthType.IP)
    async with node.phone() as pbx:
        for target, shown, status, reason in (
            (ANSWERS, "+12125550111", 403, "CALLER_ID_NOT_OWNED"),
            (ANSWERS, "anonymous", 403, "CALLER_ID_NOT_OWNED"),
            ("+4930123456", OWN, 403, "DESTINATION_NOT_ALLOWED"),
            ("+19005550100", OWN, 403, "DESTINATION_NOT_ALLOWED"),
            ("reception", OWN, 404, "UNKNOWN_NUMBER"),
        ):
            assert await refusal(await dial(node, pbx, target, shown=shown)) == status
            record = await last_call(node)
            assert (record.status, record.sip_code) == (CallStatus.HANGUP, status)
            assert record.metadata["refusal"]["reason"] == reason  # type: ignore[index]  # metadata is JSON

        await set_outbound_limits(node.database, node.account_id, OutboundLimits(concurrent_calls=0), utc_now())
        assert await refusal(await dial(node, pbx)) == 403
        assert (await last_call(node)).metadata["refusal"]["reason"] == "OUTBOUND_LIMIT_REACHED"  # type: ignore[index]
        assert "outbound_limit_reached" in await node.events()
        await set_outbound_limits(node.database, node.account_id, OutboundLimits(), utc_now())

        await node.spend_everything()
        assert await refusal(await dial(node, pbx)) == 402
        assert (await last_call(node)).sip_code == 402
    assert {call.direction.value for call in await node.calls()} == {"incoming"}


async def test_allowed_address_makes_nobody_a_carrier_and_hides_no_carrier(node: VoiceNode) -> None:
    """The loopback is the carrier's trunk here: calls from it that name no trunk stay the PSTN's, at a SIP domain of an
    organization too that looks like a trunk's host."""
    await node.number(OWN, {"type": "answer"}, {"type": "digits_send", "option": {"digits": "7"}})
    await trunk(node, AuthType.IP, allowed=["127.0.0.1"])
    async with node.database.transaction() as tx:
        await tx.connection.execute(
            "insert into sip_domains (domain, organization_id, created_at)"
            " select 'office.trunk.carrier.example', organization_id, now() from accounts where id = $1",
            node.account_id,
        )
    async with node.phone() as carrier:
        for call in (
            await node.ring(carrier, OWN),
            await dial(node, carrier, OWN, shown="+12125550111", host="office.trunk.carrier.example"),
        ):
            assert await call.wait_digits(1) == "7"
            await call.ended.wait()

    records = [await node.ended_call(each.id) for each in await node.calls()]
    assert [(each.cost_type, each.destination.target) for each in records] == [("call_pstn_incoming", OWN)] * 2


async def test_trunk_whose_password_is_guessed_is_locked_and_its_account_told(node: VoiceNode) -> None:
    """REG-2."""
    await node.bare_number(OWN)
    await trunk(node, AuthType.BASIC)
    async with node.phone(host="127.0.0.9") as thief, node.phone() as owner:
        for _ in range(WRONG_FOR_USER):
            await refusal(await dial(node, thief, password="wrong"))

        assert await refusal(await dial(node, thief, password="secret")) == 403
        call = await dial(node, owner, password="secret")
        assert await call.wait_answered()
        call.hang_up()
    assert "trunk_locked" in await node.events()
