"""How often somebody may try to get in: by address of the network, and by the e-mail address that is tried."""

from typing import cast

from dialplane.domain.errors import LimitExceeded
from dialplane.faces.api_limits import address_of, refuse_flood
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.rate_limits import RateLimiter


class SignInLimits:
    """Unknown e-mail addresses are limited as known ones are, so that the limit tells nobody which it is."""

    def __init__(self, ports: Dependencies) -> None:
        rates = ports.rate_limits
        self._addresses = RateLimiter("address", rates.auth_by_address)
        self._tries = RateLimiter("sign-in", rates.sign_in_by_email)
        self._mails = RateLimiter("mail", rates.mails_by_email)

    def check_address(self, request: PortalRequest) -> None:
        """Raises LimitExceeded."""
        refuse_flood(request.scope, self._addresses, address_of(request.scope), limited_by="ip")

    def check_try(self, request: PortalRequest, email: str) -> None:
        """A password that is tried. Raises LimitExceeded."""
        self.check_address(request)
        refuse_flood(request.scope, self._tries, email.casefold(), limited_by="email")

    def may_write(self, request: PortalRequest, email: str) -> bool:
        """Whether another mail may go to this address: nobody fills a stranger's mailbox. Raises LimitExceeded by the
        address of the network."""
        self.check_address(request)
        try:
            refuse_flood(request.scope, self._mails, email.casefold(), limited_by="email")
        except LimitExceeded:
            return False
        return True


def limits_of(request: PortalRequest) -> SignInLimits:
    return cast("SignInLimits", request.app.state.limits)
