"""A real phone dials what no number is: patterns and SIP numbers of the organization behind the request URI."""

from dialplane.domain.ids import utc_now
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.numbering.targets import FlowTarget, Targets
from dialplane.services.numbering.number_life import release_number
from dialplane.services.numbering.sip_numbers import create_sip_number
from tests.voice.platform import VoiceNode

ANSWER: dict[str, object] = {"type": "answer"}


async def hold(node: VoiceNode, text: str, digits: str) -> None:
    """A SIP number or pattern that answers and presses these digits."""
    flow = await node.flow(ANSWER, {"type": "digits_send", "option": {"digits": digits, "duration": 100}})
    wanted = NumberOrder(number=text, targets=Targets(voice=FlowTarget(flow.id), message=FlowTarget(flow.id)))
    await create_sip_number(node.database, node.account_id, wanted, utc_now())


async def heard(node: VoiceNode, dialled: str) -> str:
    """The digits that a caller from the PSTN hears; the status where the call is refused."""
    async with node.phone() as phone:
        call = await node.ring(phone, dialled)
        if not await call.wait_answered():
            assert call.end is not None
            return str(call.end.status)
        digit = await call.wait_digits(1)
        await call.ended.wait()
    return digit


async def test_longest_pattern_answers_what_no_number_is(node: VoiceNode) -> None:
    """NUM-5: `16508.*` goes before `16.*`, and the exact number before both."""
    await node.number("+16508251234", ANSWER, {"type": "digits_send", "option": {"digits": "1", "duration": 100}})
    await hold(node, "16.*", "2")
    await hold(node, "16508.*", "3")

    assert [await heard(node, dialled) for dialled in ("16508251234", "16508251255", "16001")] == ["1", "3", "2"]

    record = (await node.calls())[1]
    assert (record.raw_destination, record.destination.target) == ("16508251255", "16508251255")
    assert record.route is not None
    assert record.route["normalized"] == "16508251255"


async def test_star_code_and_short_code_ring_as_they_are_dialled(node: VoiceNode) -> None:
    await hold(node, "^*77...33#$", "7")
    await hold(node, "1234", "4")

    assert [await heard(node, dialled) for dialled in ("*7711133%23", "1234", "*7711133")] == ["7", "4", "404"]


async def test_call_after_the_release_of_a_pattern_is_not_let_in(node: VoiceNode) -> None:
    flow = await node.flow(ANSWER)
    wanted = NumberOrder(number="999...", targets=Targets(voice=FlowTarget(flow.id)))
    number = await create_sip_number(node.database, node.account_id, wanted, utc_now())
    async with node.phone() as phone:
        call = await node.ring(phone, "999123")
        assert await call.wait_answered()
        await call.ended.wait()

    await release_number(node.database, node.account_id, number.id, utc_now())

    assert await heard(node, "999123") == "404"


async def test_message_to_a_pattern_is_an_inbound_message(node: VoiceNode) -> None:
    await hold(node, "16508.*", "1")
    async with node.phone() as phone:
        response = await phone.send_text(
            f"sip:16508251255@127.0.0.1:{node.server.port}", caller="<sip:+12125550111@127.0.0.1>", text="HOURS",
            server=node.server,
        )  # fmt: skip

    assert response.status == 202
    assert "message_created" in await node.events()
