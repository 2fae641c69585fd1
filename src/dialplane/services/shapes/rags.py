"""What assistants know, in the native JSON form (VoIPBIN reference 6.10)."""

from dialplane.domain.programs.rags import Passage, Rag
from dialplane.services.shapes.common import show_id, show_time


def rag_shape(rag: Rag) -> dict[str, object]:
    return {
        "id": show_id(rag.id),
        "customer_id": show_id(rag.account_id),
        "name": rag.name,
        "detail": rag.detail,
        "storage_file_ids": [show_id(each) for each in rag.file_ids],
        "tm_create": show_time(rag.created_at),
        "tm_update": show_time(rag.updated_at),
        "tm_delete": show_time(rag.deleted_at),
    }


def passage_shape(passage: Passage) -> dict[str, object]:
    return {
        "storage_file_id": show_id(passage.file_id),
        "position": passage.position,
        "text": passage.text,
        "rank": passage.rank,
    }
