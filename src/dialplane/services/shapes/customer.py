"""An account as VoIPBIN's customer, its outbound config and its agents (reference sections 4.3, 6.4 and 6.11)."""

from dialplane.domain.tenancy.accounts import Account, AccountStatus
from dialplane.services.shapes.common import show_id, show_time
from dialplane.services.tenancy.customer import OutboundConfig


def customer_shape(account: Account) -> dict[str, object]:
    return {
        "id": show_id(account.id),
        "name": account.name,
        "detail": account.detail,
        "email": account.email,
        "phone_number": account.phone_number,
        "address": account.address,
        "webhook_method": account.webhook_method,
        "webhook_uri": account.webhook_uri,
        "billing_account_id": show_id(account.id),
        "metadata": {"rtp_debug": bool(account.metadata.get("rtp_debug", False))},
        "email_verified": account.email_verified,
        "status": account.status.value,
        "identity_verification_status": account.identity_status.value,
        # When it was frozen: the last thing that happened to it.
        "tm_deletion_scheduled": show_time(account.updated_at if account.status is AccountStatus.FROZEN else None),
        "tm_create": show_time(account.created_at),
        "tm_update": show_time(account.updated_at),
        "tm_delete": show_time(account.deleted_at),
    }


def outbound_config_shape(account: Account, config: OutboundConfig) -> dict[str, object]:
    return {
        "id": show_id(account.id),
        "customer_id": show_id(account.id),
        "name": config.name,
        "detail": config.detail,
        "destination_whitelist": list(config.destination_whitelist),
        "codecs": config.codecs,
        "default_outgoing_source_number_id": show_id(config.default_number_id),
        "tm_create": show_time(account.created_at),
        "tm_update": show_time(account.updated_at),
        "tm_delete": None,
    }
