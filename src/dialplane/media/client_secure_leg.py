"""The call runtime's end of one WebRTC leg."""

from collections.abc import Callable

from dialplane.domain.calling.media import IceCredentials, RemoteMedia, SecureParty
from dialplane.media import protocol
from dialplane.media.client_leg import MediaClientLeg
from dialplane.media.orders import Orders


class SecureClientLeg(MediaClientLeg):
    """See the port `SecureMediaLeg` for the promises."""

    def __init__(self, client: Orders, opened: protocol.SecureOpened) -> None:
        super().__init__(client, opened)
        self.fingerprint = opened.fingerprint
        self.on_failed: Callable[[str], None] | None = None

    def await_checks(self, ours: IceCredentials) -> None:
        self._send(protocol.AwaitChecks(self.leg_id, ours))

    def connect_securely(self, remote: RemoteMedia, party: SecureParty) -> None:
        self._send(protocol.ConnectSecurely(self.leg_id, remote, party))

    def take(self, report: protocol.LegReport) -> None:
        if not isinstance(report, protocol.SecurityFailed):
            super().take(report)
        elif self.on_failed is not None:
            self.on_failed(report.reason)
