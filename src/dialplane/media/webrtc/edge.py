"""The edge of one WebRTC leg: looks like two sockets of plain G.711 to the leg, speaks everything else to the network.

Nothing is done for strangers (RTP-1): a datagram counts when a signed check came from its address, audio when it is
authentic besides.
"""

import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from dialplane.domain.calling.media import IceCredentials, RemoteMedia, SecureParty
from dialplane.ice.lite import Address, LiteAgent
from dialplane.media.translation import Translation
from dialplane.media.webrtc.certificate import own_certificate
from dialplane.media.webrtc.handshake import Handshake, HandshakeError, SrtpKeys

PARTY: Address = ("0.0.0.0", 9)
"""What the leg takes for the party's address, wherever it is: it must not choose by addresses again."""

_LARGEST = 2_048
_RTCP_TIMESTAMP = struct.Struct("!I")
_RTCP_TIMESTAMP_AT = 16
_SENDER_REPORT = 200
_MOST_RTCP = 8
"""Reports that wait for the leg, which reads each at once."""


class Edge:
    """Of one leg. Give `rtp` and `rtcp` to the leg as its sockets."""

    def __init__(self, network: socket.socket, on_failure: Callable[[str], None]) -> None:
        """`network` is the bound socket of the leg's port; `on_failure` is told once why nothing comes any more."""
        self.on_rtcp: Callable[[], object] = _nobody
        """Called when `rtcp` has something to read."""
        self._network = network
        self._on_failure = on_failure
        self._has_failed = False
        self._agent: LiteAgent | None = None
        self._party: SecureParty | None = None
        self._handshake: Handshake | None = None
        self._receiving: Session | None = None
        self._sending: Session | None = None
        self._translation: Translation | None = None
        self._reports: deque[bytes] = deque(maxlen=_MOST_RTCP)
        self.rtp = EdgeRtp(self)
        self.rtcp = EdgeRtcp(self)

    # --- orders ----------------------------------------------------------------------------------------------------

    def await_checks(self, ours: IceCredentials) -> None:
        """Answer checks with these credentials of ours from now on."""
        if self._agent is None:
            self._agent = LiteAgent(ours.fragment, ours.password)
        else:
            self._agent.restart(ours.fragment, ours.password)

    def expect(self, party: SecureParty, remote: RemoteMedia) -> None:
        """Take the party's description. Another certificate or role means another handshake (RFC 8842 section 5.1)."""
        if remote.codec != "OPUS":
            self._translation = None
        elif self._translation is None or not self._translation.suits(remote, party.event_clock_hz):
            self._translation = Translation(remote, party.event_clock_hz)
        if self._party is not None and (party.fingerprint, party.begins) == (
            self._party.fingerprint,
            self._party.begins,
        ):
            return
        self._party = party
        self._receiving = self._sending = None
        self._handshake = Handshake(own_certificate(), expected=party.fingerprint, is_client=not party.begins)
        if self._agent is not None and self._agent.selected is not None:
            self._begin(self._handshake)

    def as_leg_sees(self, remote: RemoteMedia) -> RemoteMedia:
        """The far end that the leg is to connect to: at the edge, and of plain mu-law where it was Opus."""
        codec = "PCMU" if remote.codec == "OPUS" else remote.codec
        return replace(remote, host=PARTY[0], port=PARTY[1], codec=codec)

    def repeat(self) -> None:
        """To be called now and then: what the party has not answered is sent again."""
        if self._handshake is not None:
            self._handshake.repeat()
            self._flush(self._handshake)

    def close(self) -> None:
        """Say goodbye. The socket is the caller's."""
        if self._handshake is not None:
            self._handshake.close()
            self._flush(self._handshake)

    # --- packets ---------------------------------------------------------------------------------------------------

    def read(self) -> bytes:
        """One datagram from the network; plain RTP where that is what it was, else nothing. Raises OSError."""
        datagram, source = self._network.recvfrom(_LARGEST)
        if not datagram or self._agent is None:
            return b""
        first = datagram[0]
        if first < 4:
            self._check(self._agent, datagram, source[:2])
        elif not self._agent.is_known(source[:2]):
            return b""
        elif 20 <= first < 64:
            self._shake_hands(datagram)
        elif 128 <= first < 192:
            return self._open(datagram)
        return b""

    def write(self, packet: bytes) -> None:
        """Send RTP of the leg. Raises OSError where it cannot leave, as a socket does."""
        sending = self._sending
        if sending is None:
            raise BlockingIOError("not connected yet")
        translation = self._translation
        for each in (packet,) if translation is None else translation.outgoing(packet):
            try:
                self._transmit(sending.protect(each))
            except SrtpError as fault:  # a sequence number long gone: the party would not take it either
                raise BlockingIOError("too late") from fault

    def write_rtcp(self, packet: bytes) -> None:
        """Send RTCP of the leg. Raises OSError as `write`."""
        if self._sending is None:
            raise BlockingIOError("not connected yet")
        if self._translation is not None and packet[1] == _SENDER_REPORT:
            ours = bytearray(packet)
            (timestamp,) = _RTCP_TIMESTAMP.unpack_from(packet, _RTCP_TIMESTAMP_AT)
            _RTCP_TIMESTAMP.pack_into(ours, _RTCP_TIMESTAMP_AT, self._translation.outgoing_timestamp(timestamp))
            packet = bytes(ours)
        self._transmit(self._sending.protect_rtcp(packet))

    def take_report(self) -> bytes:
        """RTCP that has come. Raises OSError where there is none."""
        if not self._reports:
            raise BlockingIOError("no report")
        return self._reports.popleft()

    def _check(self, agent: LiteAgent, datagram: bytes, source: Address) -> None:
        was_reached = agent.selected is not None
        answer = agent.receive(datagram, source)
        if answer is not None:
            with suppress(OSError):
                self._network.sendto(answer, source)
        if not was_reached and agent.selected is not None and self._handshake is not None:
            self._begin(self._handshake)

    def _begin(self, handshake: Handshake) -> None:
        """There is a way to the party now."""
        handshake.begin()
        self._flush(handshake)

    def _shake_hands(self, datagram: bytes) -> None:
        handshake = self._handshake
        if handshake is None or self._has_failed:
            return  # its description is on its way; the party will try again
        try:
            handshake.receive(datagram)
        except HandshakeError as fault:
            self._fail(str(fault))
        self._flush(handshake)
        if handshake.keys is not None and self._sending is None and not self._has_failed:
            self._protect(handshake.keys)

    def _protect(self, keys: SrtpKeys) -> None:
        self._receiving = Session(Policy(keys.theirs, ssrc_type=Policy.SSRC_ANY_INBOUND))
        self._sending = Session(Policy(keys.ours, ssrc_type=Policy.SSRC_ANY_OUTBOUND))

    def _fail(self, reason: str) -> None:
        self._has_failed = True
        self._receiving = self._sending = None
        self._on_failure(reason)

    def _open(self, datagram: bytes) -> bytes:
        """Decrypt; nothing where it is not authentic or was heard before."""
        receiving = self._receiving
        if receiving is None or len(datagram) < 12:
            return b""
        try:
            if 192 <= datagram[1] < 224:  # RFC 5761 section 4
                self._reports.append(receiving.unprotect_rtcp(datagram))
                self.on_rtcp()
                return b""
            packet = receiving.unprotect(datagram)
        except SrtpError:
            return b""
        return packet if self._translation is None else self._translation.incoming(packet)

    def _flush(self, handshake: Handshake) -> None:
        with suppress(OSError):  # unreachable for the moment: it is sent again in time
            for datagram in handshake.take_outgoing():
                self._transmit(datagram)

    def _transmit(self, datagram: bytes) -> None:
        if self._agent is None or self._agent.selected is None:
            raise BlockingIOError("not connected yet")
        self._network.sendto(datagram, self._agent.selected)


def _nobody() -> None:
    """Before the leg is there."""


class EdgeRtp:
    """The leg's RTP socket. It never is connected, so that everything passes through the edge."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def fileno(self) -> int:
        """None that anything may be written to."""
        return -1

    def recvfrom_into(self, buffer: bytearray) -> tuple[int, Address]:
        packet = self._edge.read()
        size = len(packet)
        buffer[:size] = packet
        return size, PARTY

    def recv_into(self, buffer: bytearray) -> int:
        return self.recvfrom_into(buffer)[0]

    def recvfrom(self, size: int) -> tuple[bytes, Address]:
        return self._edge.read()[:size], PARTY

    def sendto(self, packet: bytes | bytearray | memoryview, target: Address) -> int:
        self._edge.write(bytes(packet))
        return len(packet)

    def connect(self, target: Address) -> None:
        raise OSError("the edge chooses the way")


class EdgeRtcp(EdgeRtp):
    """The leg's RTCP socket."""

    def recvfrom(self, size: int) -> tuple[bytes, Address]:
        return self._edge.take_report()[:size], PARTY

    def sendto(self, packet: bytes | bytearray | memoryview, target: Address) -> int:
        self._edge.write_rtcp(bytes(packet))
        return len(packet)
