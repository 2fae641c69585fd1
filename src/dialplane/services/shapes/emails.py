"""An e-mail in the native JSON form (VoIPBIN reference section 6.11)."""

from dialplane.domain.messaging.emails import Email
from dialplane.services.shapes.calls import address_shape
from dialplane.services.shapes.common import show_id, show_time


def email_shape(email: Email) -> dict[str, object]:
    """`note` is ours: why it stands where it does."""
    return {
        "id": show_id(email.id),
        "customer_id": show_id(email.account_id),
        "activeflow_id": show_id(email.run_id),
        "destinations": [address_shape(party) for party in email.destinations],
        "subject": email.subject,
        "content": email.content,
        "attachments": [{"reference_type": "recording", "reference_id": show_id(each)} for each in email.attachments],
        "status": email.status,
        "note": email.note,
        "tm_create": show_time(email.created_at),
        "tm_update": show_time(email.updated_at),
        "tm_delete": show_time(email.deleted_at),
    }
