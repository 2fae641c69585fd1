"""Files that an account keeps, in the native JSON form (VoIPBIN reference section 6.11)."""

from dialplane.domain.ids import AccountId
from dialplane.domain.stored_files import Kept, StoredFile
from dialplane.services.shapes.common import show_id, show_time


def file_shape(file: StoredFile) -> dict[str, object]:
    return {
        "id": show_id(file.id),
        "customer_id": show_id(file.account_id),
        "type": file.kind,
        "filename": file.name,
        "filesize": file.size,
        "uri_download": f"/v1.0/storage_files/{file.id}/file",
        "tm_create": show_time(file.created_at),
        "tm_update": None,
        "tm_delete": show_time(file.deleted_at),
    }


def storage_shape(account_id: AccountId, kept: Kept) -> dict[str, object]:
    """An account has one storage account, with its own id."""
    return {
        "id": show_id(account_id),
        "customer_id": show_id(account_id),
        "total_file_count": kept.count,
        "total_file_size": kept.size,
        "tm_create": None,
        "tm_update": None,
        "tm_delete": None,
    }
