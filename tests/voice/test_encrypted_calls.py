"""SIP over TLS and SRTP with keys in the SDP, against baresip (RFC 3261 section 26, RFC 4568, RFC 5630)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.bootstrap.tls import find_or_make, tls_ends
from dialplane.config.values import Endpoint
from dialplane.domain.ids import utc_now
from dialplane.services.calling.extensions import update_extension
from dialplane.voice.useragent.agent import Source
from tests.media.conftest import MediaProcess
from tests.ports import free_port
from tests.users.acting import until
from tests.users.softphones import baresip, loudest
from tests.voice.platform import VoiceNode, voice_node

pytestmark = pytest.mark.peer("baresip")

NUMBER = "+899100000001"
PSTN_NUMBER = "+12025550143"
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


async def test_phone_that_must_be_encrypted_is_called_with_srtp_over_its_tls_connection(
    secure_node: tuple[VoiceNode, Source], tmp_path: Path
) -> None:
    node, tls = secure_node
    extension_id = await node.extension("1001", "correct horse")
    await update_extension(
        node.database, node.account_id, extension_id, password=None, name=None, detail=None, now=utc_now(),
        srtp="required",
    )  # fmt: skip
    connect = {"destinations": [{"type": "extension", "target": str(extension_id)}]}
    await node.number(PSTN_NUMBER, {"type": "answer"}, {"type": "connect", "option": connect}, {"type": "hangup"})

    async with baresip(tmp_path / "baresip") as peer, node.phone() as phone:
        await peer.register(tls, "1001", "correct horse", more=";mediaenc=srtp-mand")
        call = await node.ring(phone, PSTN_NUMBER)
        await peer.wait_for("CALL_INCOMING")
        peer.order("accept")
        await peer.wait_for("CALL_ESTABLISHED")
        assert await call.wait_answered()
        await call.send_digits("7")
        assert (await peer.wait_for("CALL_DTMF_START"))["param"] == "7"
        peer.order("hangup")
        await call.ended.wait()


async def test_caller_without_encryption_is_refused_where_its_extension_must_have_it(
    secure_node: tuple[VoiceNode, Source],
) -> None:
    node, _ = secure_node
    extension_id = await node.extension("1001", "correct horse")
    await update_extension(
        node.database, node.account_id, extension_id, password=None, name=None, detail=None, now=utc_now(),
        srtp="required",
    )  # fmt: skip
    await node.number(NUMBER, *GREETING)

    async with node.phone() as phone:
        call = await node.dial_as(phone, "1001", "correct horse", NUMBER)
        assert not await call.wait_answered()

    assert call.end is not None
    assert call.end.status == 488


@pytest.mark.parametrize("encryption", ["", ";mediaenc=srtp-mand"])
async def test_phone_that_has_g722_alone_hears_us_and_is_heard(
    secure_node: tuple[VoiceNode, Source], tmp_path: Path, encryption: str
) -> None:
    node, tls = secure_node
    await node.extension("1001", "correct horse")
    await node.number(
        NUMBER,
        {"type": "answer"},
        {"type": "talk", "option": {"text": "Hello over there.", "language": "en-US"}},
        {"type": "recording_start", "option": {"format": "wav"}},
        {"type": "sleep", "option": {"duration": 700}},
        {"type": "recording_stop"},
        {"type": "hangup"},
    )

    async with baresip(tmp_path / "baresip", rate_hz=16_000) as peer:
        more = f";audio_codecs=G722/16000/1{encryption}"
        await peer.register(tls, "1001", "correct horse", more=more)
        peer.order("dial", f"sip:{NUMBER}@{tls.host}:{tls.port};transport=tls")
        await peer.wait_for("CALL_ESTABLISHED")
        await peer.wait_for("CALL_CLOSED")

    assert loudest(next((tmp_path / "baresip").glob("*dec.wav"))) > 1000
    recording = await until(lambda: recorded(node))
    assert loudest(recording) > 1000


async def recorded(node: VoiceNode) -> Path | None:
    return next(node.recordings.rglob("*.wav"), None)
