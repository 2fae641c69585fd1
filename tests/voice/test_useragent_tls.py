"""SIP over TLS between two user agents: who is believed (RFC 5922), and what SIPS asks for (RFC 5630)."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dialplane.bootstrap.tls import find_or_make, tls_ends
from dialplane.config.values import Endpoint, SettingError
from dialplane.voice.useragent.agent import EndKind, Source, UserAgent
from tests.voice.agents import QUICK, SDP, Answering, RawPeer, Watcher, running


@asynccontextmanager
async def secured(folder: Path, handler: Answering | None = None) -> AsyncIterator[UserAgent]:
    """A user agent with a certificate for its address, which all others made here believe."""
    files = find_or_make(folder, "127.0.0.1")
    ends = tls_ends(Endpoint("127.0.0.1", 0), *files, files[0])
    agent = UserAgent(host="127.0.0.1", port=0, handler=handler or Answering(), timers=QUICK, tls=ends)
    await agent.start()
    try:
        yield agent
    finally:
        await agent.close()


def ring(agent: UserAgent, other: UserAgent, watcher: Watcher, target: str = "") -> None:
    target = target or f"sip:bob@127.0.0.1:{other.tls_port};transport=tls"
    agent.call(target=target, caller="<sip:alice@example.com>", sdp=SDP, watcher=watcher)


async def test_call_over_tls_is_answered_and_hung_up(tmp_path: Path) -> None:
    callee, watcher = Answering(lambda call: call.answer(SDP)), Watcher(on_answer=lambda call: call.hangup())
    async with secured(tmp_path, callee) as other, secured(tmp_path) as agent:
        ring(agent, other, watcher)

        assert (await watcher.wait_end()).kind is EndKind.BYE
        taken = await callee.calls.get()
        assert taken.source.transport == "tls"
        assert taken.request.top_via.transport == "TLS"
        assert taken.request.headers.get("Contact") == f"<sip:127.0.0.1:{agent.tls_port};transport=tls>"


async def test_call_to_a_sips_address_says_sips_in_its_contact(tmp_path: Path) -> None:
    """RFC 5630 section 5.1.1: and the callee's answer does."""
    callee, watcher = Answering(lambda call: call.answer(SDP)), Watcher()
    async with secured(tmp_path, callee) as other, secured(tmp_path) as agent:
        ring(agent, other, watcher, f"sips:bob@127.0.0.1:{other.tls_port}")
        await watcher.wait("answered")
        taken = await callee.calls.get()

        assert taken.request.headers.get("Contact") == f"<sips:127.0.0.1:{agent.tls_port}>"
        taken.hangup()
        assert (await watcher.wait_end()).kind is EndKind.BYE


@pytest.mark.parametrize("name", ["carrier.example", "127.0.0.2"])
async def test_peer_with_a_certificate_for_another_name_is_not_called(tmp_path: Path, name: str) -> None:
    watcher = Watcher()
    async with secured(tmp_path, Answering()) as other, secured(tmp_path) as agent:
        agent.expect_name(Source("127.0.0.1", other.tls_port, "tls"), name)
        ring(agent, other, watcher)

        end = await watcher.wait_end()
        assert (end.kind, end.status) == (EndKind.FAILED, 503)
        assert other.live_transactions == 0


async def test_peer_of_an_unknown_authority_is_called_only_where_nobody_needs_to_prove_anything(tmp_path: Path) -> None:
    callee, refused, taken = Answering(lambda call: call.answer(SDP)), Watcher(), Watcher()
    async with secured(tmp_path / "one", callee) as other, secured(tmp_path / "two") as agent:
        ring(agent, other, refused)
        assert (await refused.wait_end()).status == 503

        agent.expect_name(Source("127.0.0.1", other.tls_port, "tls"), "")
        ring(agent, other, taken)
        await taken.wait("answered")


async def test_sips_request_over_udp_is_refused_with_the_reason() -> None:
    """RFC 5630 section 5.3."""
    async with running() as agent:
        with RawPeer(agent) as peer:
            peer.send(peer.request("INVITE", body=SDP).replace(b"INVITE sip:", b"INVITE sips:", 1))
            response = await peer.receive_response(480)

            assert (response.headers.get("Warning") or "").startswith("380 ")


async def test_plain_octets_on_the_tls_port_harm_nobody(tmp_path: Path) -> None:
    callee, watcher = Answering(lambda call: call.answer(SDP)), Watcher()
    async with secured(tmp_path, callee) as other, secured(tmp_path) as agent:
        target = f"sip:bob@127.0.0.1:{other.tls_port};transport=tcp"
        stranger = Watcher()
        agent.call(target=target, caller="<sip:a@b>", sdp=SDP, watcher=stranger)
        await stranger.wait_end()

        ring(agent, other, watcher)
        await watcher.wait("answered")


def test_certificate_that_does_not_fit_its_key_is_told_at_the_start(tmp_path: Path) -> None:
    certificate, _ = find_or_make(tmp_path / "one", "a.example")
    _, key = find_or_make(tmp_path / "two", "a.example")

    with pytest.raises(SettingError, match="over TLS"):
        tls_ends(Endpoint("127.0.0.1", 0), certificate, key, None)


def test_key_of_the_sandbox_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    certificate, key = find_or_make(tmp_path / "tls", "127.0.0.1")
    again = find_or_make(tmp_path / "tls", "127.0.0.1")

    assert again == (certificate, key)
    assert key.stat().st_mode & 0o077 == 0
    assert ssl.create_default_context(cafile=str(certificate)).cert_store_stats()["x509"] > 0
