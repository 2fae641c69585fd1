"""Kannel as an account's system: it sends, gets receipts, and hears what comes to the account's numbers."""

import asyncio
from pathlib import Path

import pytest

from dialplane.domain.ids import utc_now
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.messages import list_messages
from tests.binds.kannel import kannel
from tests.binds.node import OWN, PEER, Node

pytestmark = pytest.mark.peer("bearerbox")

LONG = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. " * 6


async def test_kannel_sends_gets_receipts_and_hears_messages(smsc: Node, tmp_path: Path) -> None:
    async with asyncio.timeout(60), kannel(tmp_path, smsc.port, smsc.system_id, smsc.password) as peer:
        assert await peer.send(OWN, PEER, "hello {world} €", mark="short") == 202
        assert await peer.receipt("short") == ["1"]
        assert await peer.send(OWN, PEER, "снег идёт", mark="wide", coding=2) == 202
        assert await peer.receipt("wide") == ["1"]
        assert await peer.send(OWN, "+12025550102", "nobody there", mark="failed") == 202
        assert await peer.receipt("failed") == ["2"]
        assert await peer.send("+12025550777", PEER, "not mine", mark="foreign") == 202
        assert await peer.receipt("foreign") == ["16"]

        assert await peer.send(OWN, PEER, LONG, mark="long") == 202
        assert await peer.receipt("long") == ["1"]
        for text in ("hi {you} €", "привет", LONG):
            await receive_message(smsc.database, InboundMessage(PEER, OWN, text), utc_now())
            heard = await peer.messages.get()
            assert (heard["text"], heard["from"], heard["to"]) == (text, PEER, OWN)

    sent = await list_messages(smsc.database, smsc.account_id, before=None, limit=10)
    assert [each.text for each in sent if each.direction == "outbound"] == [
        LONG,
        "nobody there",
        "снег идёт",
        "hello {world} €",
    ]


async def test_kannel_hears_on_a_receiver_beside_its_transmitter(smsc: Node, tmp_path: Path) -> None:
    async with (
        asyncio.timeout(60),
        kannel(tmp_path, smsc.port, smsc.system_id, smsc.password, transceiver=False) as peer,
    ):
        assert await peer.send(OWN, PEER, "hello", mark="one") == 202
        assert await peer.receipt("one") == ["1"]
        await receive_message(smsc.database, InboundMessage(PEER, OWN, "hi"), utc_now())
        assert (await peer.messages.get())["text"] == "hi"
