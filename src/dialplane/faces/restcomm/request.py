"""The request as this face's handlers see it: who asks for whom, in which dialect, with which parameters."""

import re

from dialplane.domain.ids import AccountId, to_sid
from dialplane.domain.tenancy.accounts import Account
from dialplane.faces.platform_request import PlatformRequest
from dialplane.faces.restcomm.dialects import Asked, Dialect, asked_of
from dialplane.faces.restcomm.forms import Parameters, parameters_of, read_parameters
from dialplane.services.identity.basic_authentication import Acting

_LOST_PLUS = re.compile(r"(^|:) (?=[0-9*])")


class RestcommRequest(PlatformRequest[Acting, str]):
    """A request that the authentication layer let through."""

    @property
    def asked(self) -> Asked:
        return asked_of(self.scope)

    @property
    def dialect(self) -> Dialect:
        return self.asked.dialect

    @property
    def account(self) -> Account:
        """The account in the path; the caller's own where the path names none."""
        return self.user.account

    @property
    def account_id(self) -> AccountId:
        return self.user.account.id

    @property
    def account_sid(self) -> str:
        return to_sid("AC", self.account_id)

    @property
    def caller_id(self) -> AccountId:
        """Whose credentials were used: the account itself or one above it."""
        return self.user.caller.id

    @property
    def host(self) -> str:
        """This server as the client calls it: `http://host:port`."""
        return str(self.base_url).rstrip("/")

    @property
    def parameters(self) -> Parameters:
        """Of the body."""
        return parameters_of(self.scope)

    @property
    def filters(self) -> Parameters:
        """Of the query. A `+` that the client forgot to encode arrives as a space; see `phone_filter`."""
        return read_parameters(self.scope["query_string"])


def phone_text(text: str) -> str:
    """A number as it was meant: a space in front of the digits, or after a channel's colon, is a `+` that was not
    percent-encoded (reference 2.4; the documentation's own curls write it so)."""
    return _LOST_PLUS.sub(r"\1+", text).strip()
