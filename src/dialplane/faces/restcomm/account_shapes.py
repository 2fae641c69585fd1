"""An account as both dialects show it (reference 4.1)."""

from collections.abc import Mapping

from dialplane.domain.ids import to_sid
from dialplane.domain.tenancy.accounts import Account, AccountStatus, IdentityStatus
from dialplane.faces.restcomm.dialects import Asked

_RESTCOMM_WORDS: Mapping[AccountStatus, str] = {
    AccountStatus.INITIAL: "uninitialized",
    AccountStatus.ACTIVE: "active",
    AccountStatus.SUSPENDED: "suspended",
    AccountStatus.INACTIVE: "inactive",
    AccountStatus.FROZEN: "inactive",
    AccountStatus.EXPIRED: "inactive",
    AccountStatus.DELETED: "closed",
}
_TWILIO_WORDS: Mapping[AccountStatus, str] = {
    AccountStatus.INITIAL: "active",
    AccountStatus.ACTIVE: "active",
    AccountStatus.DELETED: "closed",
}
"""All others are `suspended` to Twilio's libraries, which know three words."""

WRITTEN_WORDS: Mapping[str, AccountStatus] = {
    "active": AccountStatus.ACTIVE,
    "suspended": AccountStatus.SUSPENDED,
    "inactive": AccountStatus.INACTIVE,
    "closed": AccountStatus.DELETED,
    "uninitialized": AccountStatus.INITIAL,
}

_SUBRESOURCES = {
    "available_phone_numbers": "AvailablePhoneNumbers",
    "calls": "Calls",
    "conferences": "Conferences",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "notifications": "Notifications",
    "outgoing_caller_ids": "OutgoingCallerIds",
    "recordings": "Recordings",
    "transcriptions": "Transcriptions",
}
_RESTCOMMS_OWN = {"sandbox": "Sandbox", "sms_messages": "SMS/Messages"}
_TWILIOS_OWN = {"applications": "Applications", "messages": "Messages", "usage": "Usage"}


def statuses_shown_as(asked: Asked, word: str) -> tuple[AccountStatus, ...]:
    """The statuses that the dialect shows as this word, for a filter; none for an unknown word."""
    return tuple(status for status in AccountStatus if _word(asked, status) == word)


def show_account(asked: Asked, account: Account) -> dict[str, object]:
    sid = to_sid("AC", account.id)
    common: dict[str, object] = {
        "friendly_name": account.name,
        "type": "Full" if account.identity_status is IdentityStatus.VERIFIED else "Trial",
        "status": _word(asked, account.status),
        "date_created": asked.dialect.show_time(account.created_at),
        "date_updated": asked.dialect.show_time(account.updated_at or account.created_at),
        "auth_token": account.auth_token,
        "uri": asked.uri(f"/Accounts/{sid}"),
    }
    if asked.dialect.is_twilio:
        owner = to_sid("AC", account.parent_id or account.id)
        own = {"sid": sid, "owner_account_sid": owner}
        return own | common | {"subresource_uris": _below(asked, sid, _SUBRESOURCES | _TWILIOS_OWN)}
    members: dict[str, object] = {
        "sid": sid,
        "organization": to_sid("OR", account.organization_id),
        "email_address": account.email or None,
        "role": account.role.value,
        **common,
        "subresource_uris": _below(asked, sid, _SUBRESOURCES | _RESTCOMMS_OWN),
    }
    return {name: value for name, value in members.items() if value is not None}


def _word(asked: Asked, status: AccountStatus) -> str:
    return _TWILIO_WORDS.get(status, "suspended") if asked.dialect.is_twilio else _RESTCOMM_WORDS[status]


def _below(asked: Asked, sid: str, paths: Mapping[str, str]) -> dict[str, str]:
    return {name: asked.uri(f"/Accounts/{sid}/{path}") for name, path in sorted(paths.items())}
