"""Our end of ICE: whose checks count, and which address the party has chosen (RFC 8445 sections 7.3 and 8)."""

import hmac

from dialplane.ice.stun import BINDING_REQUEST, Attribute, StunError, StunMessage, answer, refuse

MOST_PATHS = 16
"""Addresses of one party that have proved themselves; a browser on a machine with many networks has a handful."""

Address = tuple[str, int]


class LiteAgent:
    """One component of one party. Only checks with our username and signed with our password count (RTP-1)."""

    __slots__ = ("_fragment", "_password", "_paths", "selected")

    def __init__(self, fragment: str, password: str) -> None:
        self._fragment = b""
        self._password = b""
        self._paths: dict[Address, None] = {}
        self.selected: Address | None = None
        """Where to send to: the address nominated last, until then the one that first proved itself."""
        self.restart(fragment, password)

    def restart(self, fragment: str, password: str) -> None:
        """Take other credentials. What was chosen stays until something else is (RFC 8445 section 9)."""
        self._fragment = fragment.encode() + b":"
        self._password = password.encode()

    def is_known(self, source: Address) -> bool:
        """Whether a check of the party came from there."""
        return source in self._paths

    def receive(self, data: bytes, source: Address) -> bytes | None:
        """Take a datagram that looks like STUN; the answer to send back, None for a stranger's or a broken one."""
        try:
            message = StunMessage.parse(data)
        except StunError:
            return None
        username = message.value(Attribute.USERNAME) or b""
        is_for_us = hmac.compare_digest(username[: len(self._fragment)], self._fragment)
        if message.kind != BINDING_REQUEST or not is_for_us or not message.is_signed(self._password):
            return None
        if message.unknown:
            return refuse(message, 420, "Unknown Attribute", self._password)
        if message.value(Attribute.ICE_CONTROLLED) is not None:
            return refuse(message, 487, "Role Conflict", self._password)  # one of us must choose, and we are lite
        self._admit(source, is_nominated=message.value(Attribute.USE_CANDIDATE) is not None)
        return answer(message, source, self._password)

    def _admit(self, source: Address, *, is_nominated: bool) -> None:
        if source not in self._paths:
            if len(self._paths) == MOST_PATHS:
                del self._paths[next(path for path in self._paths if path != self.selected)]
            self._paths[source] = None
        if is_nominated or self.selected is None:
            self.selected = source
