"""Test credentials: a second pair of sid and token for each account, with which nothing is done and nothing charged.

Both follow from the account's own, so there is nothing to keep, and a new auth token makes a new test token.
"""

import hashlib
import hmac
from uuid import UUID

from dialplane.domain.ids import AccountId

_OTHER_BITS = 0x5E1F_0D3A_97C4_3B6D_2A88_6E0F_41B7_D2C9
"""Differs from an account's id in them. They turn its version from 7, which all our ids have, to 4."""
_VERSION = 4
_PURPOSE = b"test credentials"


def id_for_tests(account_id: AccountId) -> AccountId:
    """What stands for the account in its test credentials; of that id, the account's own again."""
    return AccountId(UUID(int=account_id.int ^ _OTHER_BITS))


def find_tested(account_id: AccountId) -> AccountId | None:
    """The account whose test id this is; None where it is no test id."""
    return id_for_tests(account_id) if account_id.version == _VERSION else None


def token_for_tests(auth_token: str) -> str:
    """32 hexadecimal digits, as an auth token has."""
    return hmac.new(auth_token.encode(), _PURPOSE, hashlib.sha256).hexdigest()[:32]
