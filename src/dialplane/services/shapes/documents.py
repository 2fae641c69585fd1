"""A document as `/v1.0/documents` shows it; its content is a path further."""

from dialplane.domain.numbering.documents import Document
from dialplane.services.shapes.common import show_id, show_time


def show_document(document: Document) -> dict[str, object]:
    return {
        "id": show_id(document.id),
        "customer_id": show_id(document.account_id),
        "kind": document.kind,
        "name": document.name,
        "media_type": document.media_type,
        "size": document.size,
        "sha256": document.sha256,
        "status": document.status.value,
        "reason": document.reason,
        "expires_on": None if document.expires_on is None else document.expires_on.isoformat(),
        "tm_create": show_time(document.created_at),
        "tm_review": show_time(document.reviewed_at),
        "tm_delete": show_time(document.deleted_at),
    }
