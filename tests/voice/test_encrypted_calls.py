"""SIP over TLS and SRTP with keys in the SDP, against baresip (RFC 3261 section 26, RFC 4568, RFC 5630)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.bootstrap.sip_tls import find_or_make, tls_ends
from dialplane.config.values import Endpoint
from dialplane.voice.useragent.agent import Source
from tests.media.conftest import MediaProcess
from tests.ports import free_port
from tests.users.softphones import baresip, loudest
from tests.voice.platform import VoiceNode, voice_node

pytestmark = pytest.mark.peer("baresip")

NUMBER = "+899100000001"
GREETING = ({"type": "answer"}, {"type": "talk", "option": {"text": "Hello over there.", "language": "en-US"}},
            {"type": "digits_send", "option": {"digits": "42", "duration": 200, "interval": 100}},
            {"type": "hangup"})  # fmt: skip


@pytest.fixture
async def secure_node(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path
) -> AsyncIterator[tuple[VoiceNode, Source]]:
    """A node that speaks TLS too, and where."""
    port = free_port()
    files = find_or_make(tmp_path / "tls", "127.0.0.1")
    ends = tls_ends(Endpoint("127.0.0.1", port), *files, None)
    async with voice_node(dsn, database, media_process, tmp_path, tls=ends) as node:
        yield node, Source("127.0.0.1", port, "tls")


@pytest.mark.parametrize("encryption", ["srtp", "srtp-mand"])
async def test_baresip_over_tls_with_srtp_hears_us_and_is_heard(
    secure_node: tuple[VoiceNode, Source], tmp_path: Path, encryption: str
) -> None:
    node, tls = secure_node
    await node.extension("1001", "correct horse")
    await node.number(NUMBER, *GREETING)

    async with baresip(tmp_path / "baresip") as peer:
        await peer.register(tls, "1001", "correct horse", more=f";mediaenc={encryption}")
        peer.order("dial", f"sip:{NUMBER}@{tls.host}:{tls.port};transport=tls")
        await peer.wait_for("CALL_ESTABLISHED")
        digits = [(await peer.wait_for("CALL_DTMF_START"))["param"] for _ in range(2)]
        await peer.wait_for("CALL_CLOSED")

    assert digits == ["4", "2"]
    assert loudest(next((tmp_path / "baresip").glob("*dec.wav"))) > 1000
    assert (await node.ended_call()).hangup_reason == "normal"
