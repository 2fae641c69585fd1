"""The request as this face's handlers see it: who asks for whom, in which dialect, with which parameters."""

import re
from datetime import datetime

from litestar import Request
from litestar.datastructures import State

from dialplane.domain.accounts import Account
from dialplane.domain.ids import AccountId, to_sid
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.restcomm.dialects import Asked, Dialect, asked_of
from dialplane.faces.restcomm.forms import Parameters, parameters_of, read_parameters
from dialplane.services.basic_authentication import Acting
from dialplane.services.settings import read_clock
from dialplane.services.transaction import Database

_LOST_PLUS = re.compile(r"(^|:) (?=[0-9*])")


class RestcommRequest(Request[Acting, str, State]):
    """A request that the authentication layer let through."""

    @property
    def ports(self) -> Dependencies:
        ports: Dependencies = self.app.state.dependencies
        return ports

    @property
    def database(self) -> Database:
        return self.ports.database

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
    def parameters(self) -> Parameters:
        """Of the body."""
        return parameters_of(self.scope)

    @property
    def filters(self) -> Parameters:
        """Of the query. A `+` that the client forgot to encode arrives as a space; see `phone_filter`."""
        return read_parameters(self.scope["query_string"])

    @property
    def now(self) -> datetime:
        return self.ports.clock()

    @property
    def idempotency_key(self) -> str:
        return self.headers.get("idempotency-key", "")

    async def billing_now(self) -> datetime:
        """The time of renewals, quarantine and reservations, which the sandbox moves."""
        return await read_clock(self.database, now=self.now)


def phone_text(text: str) -> str:
    """A number as it was meant: a space in front of the digits, or after a channel's colon, is a `+` that was not
    percent-encoded (reference 2.4; the documentation's own curls write it so)."""
    return _LOST_PLUS.sub(r"\1+", text).strip()
