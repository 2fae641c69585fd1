"""One DTLS association (RFC 6347, RFC 8842): datagrams in and out, and in the end the keys of SRTP (RFC 5764)."""

import hmac
from dataclasses import dataclass

from OpenSSL import SSL

from dialplane.media.webrtc.certificate import Certificate, fingerprint_of

LARGEST_DATAGRAM = 1_200
"""Octets: what every path carries, as QUIC assumes too."""
_RECORD_HEAD = 13
_FLIGHT = 65_536
_KEY_OCTETS, _SALT_OCTETS = 16, 14
_LABEL = b"EXTRACTOR-dtls_srtp"


class HandshakeError(Exception):
    """The party is not who its description says, or speaks something else. The leg ends."""


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """Key and salt of each direction, as libsrtp takes them."""

    ours: bytes
    theirs: bytes


class Handshake:
    """Times are not needed: OpenSSL looks at its own clock for what is to be sent again."""

    __slots__ = ("_connection", "_expected", "_is_client", "_outgoing", "keys")

    def __init__(self, certificate: Certificate, *, expected: str, is_client: bool) -> None:
        """`expected` is the party's fingerprint; `is_client`: we begin."""
        self._connection = SSL.Connection(certificate.context, None)
        self._connection.set_ciphertext_mtu(LARGEST_DATAGRAM)
        self._expected = expected
        self._is_client = is_client
        self._outgoing: list[bytes] = []
        self.keys: SrtpKeys | None = None
        """Set when the handshake is done."""
        if is_client:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()

    def begin(self) -> None:
        """Send the first flight, where we are to; `take_outgoing` gives it."""
        if self._is_client:
            self._go_on()

    def receive(self, datagram: bytes) -> None:
        """Raises HandshakeError; what is no DTLS is dropped."""
        self._connection.bio_write(datagram)
        self._go_on()

    def repeat(self) -> None:
        """Send again what was not answered in time; to be called now and then."""
        if self.keys is None and self._connection.DTLSv1_get_timeout() == 0:
            self._connection.DTLSv1_handle_timeout()
            self._collect()

    def close(self) -> None:
        """Tell the party that it is over."""
        if self.keys is not None:
            try:
                self._connection.shutdown()
            except SSL.Error:  # it was over already
                return
            self._collect()

    def take_outgoing(self) -> list[bytes]:
        """Datagrams to be sent, in order."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def _go_on(self) -> None:
        try:
            if self.keys is None:
                self._connection.do_handshake()
                self.keys = self._finish()
            else:
                self._connection.recv(1)  # nothing is said over DTLS itself, but what is repeated must be answered
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            raise HandshakeError("the party has closed") from None
        except SSL.Error as fault:
            raise HandshakeError(f"the handshake failed: {fault}") from fault
        finally:
            self._collect()

    def _finish(self) -> SrtpKeys:
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        name = self._expected.partition(" ")[0]
        try:
            found = "" if certificate is None else fingerprint_of(certificate, name)
        except KeyError:
            raise HandshakeError(f"fingerprints of {name} are not taken") from None
        if not hmac.compare_digest(found.lower(), self._expected.lower()):
            raise HandshakeError("the certificate is not the one of the description")
        if not self._connection.get_selected_srtp_profile():
            raise HandshakeError("no SRTP profile in common")
        octets = self._connection.export_keying_material(_LABEL, 2 * (_KEY_OCTETS + _SALT_OCTETS))
        client, server = (
            octets[_KEY_OCTETS * at : _KEY_OCTETS * (at + 1)]
            + octets[2 * _KEY_OCTETS + _SALT_OCTETS * at : 2 * _KEY_OCTETS + _SALT_OCTETS * (at + 1)]
            for at in (0, 1)
        )
        return SrtpKeys(client, server) if self._is_client else SrtpKeys(server, client)

    def _collect(self) -> None:
        try:
            flight = self._connection.bio_read(_FLIGHT)
        except SSL.WantReadError:
            return
        self._outgoing += into_datagrams(flight)


def into_datagrams(flight: bytes) -> list[bytes]:
    """Whole records together, as many as a datagram takes: a record must not be cut (RFC 6347 section 4.1.1)."""
    datagrams: list[bytes] = []
    current = b""
    at = 0
    while at + _RECORD_HEAD <= len(flight):
        end = at + _RECORD_HEAD + int.from_bytes(flight[at + 11 : at + 13], "big")
        record = flight[at:end]
        if current and len(current) + len(record) > LARGEST_DATAGRAM:
            datagrams.append(current)
            current = b""
        current += record
        at = end
    return [*datagrams, current] if current else datagrams
