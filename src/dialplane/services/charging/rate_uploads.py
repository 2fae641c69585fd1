"""Files of rates between their preview and their import.

They lie beside the documents, under a key that no document names: the sweep of left files takes them out after a day.
"""

from uuid import UUID

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import NIL
from dialplane.services.objects import ObjectStore


async def keep_file(objects: ObjectStore, file_id: UUID, text: str) -> None:
    await objects.put(_key(file_id), text.encode())


async def find_file(objects: ObjectStore, file_id: UUID) -> str:
    """Raises NotFound where it was taken out meanwhile."""
    content = await objects.get(_key(file_id))
    if content is None:
        raise NotFound("The file is not kept any more: choose it again", reason="FILE_NOT_FOUND", field="file")
    return content.decode()


def _key(file_id: UUID) -> str:
    return f"{NIL}/{file_id}"
