"""The far end of a WebRTC leg without a browser: checks, handshake, SRTP, on one socket."""

import asyncio
import socket
from secrets import token_bytes

from pylibsrtp import Policy, Session

from dialplane.domain.calling.media import IceCredentials, RemoteMedia, SecureParty
from dialplane.domain.ids import utc_now
from dialplane.ice.stun import BINDING_REQUEST, Attribute, build
from dialplane.media.webrtc.certificate import Certificate, make_certificate
from dialplane.media.webrtc.handshake import Handshake
from dialplane.rtp.packet import Packet

OURS = IceCredentials("leg", "password of the leg here")
"""What legs are told to be checked with."""


class Browser:
    """Use as a context manager. Whatever comes is sorted into `rtp`, or answered."""

    def __init__(self, *, codec: str = "PCMU", payload_type: int = 0, telephone_event: int | None = 101) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.codec = codec
        self.payload_type = payload_type
        self.telephone_event = telephone_event
        self.certificate: Certificate = make_certificate(utc_now())
        self.handshake: Handshake | None = None
        self.answers = 0
        """Of checks."""
        self.sent: Session | None = None
        self.heard: Session | None = None
        self.rtcp: list[bytes] = []
        self._sequence_number = 1
        self._timestamp = 4_294_967_000
        self._ssrc = int.from_bytes(token_bytes(4), "big")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def party(self, *, begins: bool = True, fingerprint: str = "") -> SecureParty:
        """What its description says."""
        clock = 48_000 if self.codec == "OPUS" else 8_000
        return SecureParty(fingerprint or self.certificate.fingerprint, begins, clock)

    def remote(self) -> RemoteMedia:
        return RemoteMedia("0.0.0.0", 9, self.codec, self.payload_type, self.telephone_event)

    def check(self, port: int, *, password: str = OURS.password, user: str = OURS.fragment) -> None:
        """A connectivity check that nominates."""
        attributes: list[tuple[int, bytes]] = [
            (Attribute.USERNAME, f"{user}:them".encode()),
            (Attribute.PRIORITY, b"\0\0\1\0"),
            (Attribute.ICE_CONTROLLING, b"12345678"),
            (Attribute.USE_CANDIDATE, b""),
        ]
        octets = build(BINDING_REQUEST, token_bytes(12), attributes, password.encode())
        self.socket.sendto(octets, ("127.0.0.1", port))

    async def connect(self, port: int, *, expected: str, begins: bool = True, leg: IceCredentials = OURS) -> None:
        """Check and shake hands with a leg whose fingerprint is `expected`."""
        self.handshake = Handshake(self.certificate, expected=expected, is_client=begins)
        self.check(port, password=leg.password, user=leg.fragment)
        while not self.answers:
            await self.receive()
        self.handshake.begin()
        self._flush(port)
        while self.handshake.keys is None:
            await self.receive()
            self._flush(port)
        keys = self.handshake.keys
        self.sent = Session(Policy(keys.ours, ssrc_type=Policy.SSRC_ANY_OUTBOUND))
        self.heard = Session(Policy(keys.theirs, ssrc_type=Policy.SSRC_ANY_INBOUND))

    async def receive(self) -> Packet | None:
        """Take one datagram; its plain RTP where it is some."""
        async with asyncio.timeout(10):
            datagram = await asyncio.get_running_loop().sock_recv(self.socket, 2_048)
        if datagram[0] < 4:
            self.answers += 1
        elif datagram[0] < 64:
            assert self.handshake is not None
            self.handshake.receive(datagram)
        elif self.heard is not None and 192 <= datagram[1] < 224:
            self.rtcp.append(self.heard.unprotect_rtcp(datagram))
        elif self.heard is not None:
            return Packet.parse(self.heard.unprotect(datagram))
        return None

    async def hear(self) -> Packet:
        """The next packet of audio or digits."""
        while (packet := await self.receive()) is None:
            pass
        return packet

    async def hear_until(self, payload: bytes) -> None:
        """Wait for a packet with this payload; silence comes before it, and after."""
        async with asyncio.timeout(20):
            while (await self.hear()).payload != payload:
                pass

    def say(self, port: int, payload: bytes, *, step: int = 160, payload_type: int | None = None) -> None:
        """The next packet, encrypted."""
        self._sequence_number = self._sequence_number + 1 & 0xFFFF
        self._timestamp = self._timestamp + step & 0xFFFF_FFFF
        kind = self.payload_type if payload_type is None else payload_type
        packet = bytes(Packet(kind, self._sequence_number, self._timestamp, self._ssrc, payload))
        assert self.sent is not None
        self.socket.sendto(self.sent.protect(packet), ("127.0.0.1", port))

    def _flush(self, port: int) -> None:
        assert self.handshake is not None
        for datagram in self.handshake.take_outgoing():
            self.socket.sendto(datagram, ("127.0.0.1", port))
