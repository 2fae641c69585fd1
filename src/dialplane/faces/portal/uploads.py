"""Files that come with a form: their bytes, and a name to show that leads nowhere."""

import re
from dataclasses import dataclass, field

from litestar.datastructures import UploadFile

from dialplane.domain.errors import Invalid
from dialplane.faces.portal.request import PortalRequest

_LONGEST_NAME = 255
_FOLDERS = re.compile(r"[\\/]")


@dataclass(frozen=True, slots=True)
class Upload:
    """One file. `name` is what the browser called it, without folders and what cannot be printed; for people only."""

    name: str
    content: bytes = field(repr=False)


async def read_upload(request: PortalRequest, field: str) -> Upload:
    """The file of a form. Raises Invalid naming the field where none was chosen."""
    file = (await request.form()).get(field)  # which the gate has read before
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid("Choose a file", field=field)
    content = await file.read()
    await file.close()
    return Upload(_shown(file.filename), content)


def _shown(name: str) -> str:
    last = _FOLDERS.split(name)[-1]
    return "".join(letter for letter in last if letter.isprintable())[-_LONGEST_NAME:]
