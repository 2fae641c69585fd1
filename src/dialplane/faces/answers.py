"""What a route's document says of its answers, in every face that has a document."""

from typing import Any

from litestar.enums import MediaType
from litestar.openapi.datastructures import ResponseSpec


class Answers(dict[int, ResponseSpec]):
    """What a route may answer, by status.

    A router copies all that it holds whenever it is put into another one. These never change, so they are not copied:
    that took a quarter of the time in which the API is put together.
    """

    def __deepcopy__(self, memo: dict[int, object]) -> "Answers":
        return self

    def __or__(self, others: "Answers") -> "Answers":  # type: ignore[override]  # nobody joins them with anything else
        return Answers({**self, **others})


# ResponseSpec takes the classes of several libraries, whose common type is `type[Any]`.
def answer(shape: type[Any] | None, *, says: str = "Done", media_type: str = MediaType.JSON) -> ResponseSpec:
    """One of them. `shape`: what its body is; None where it has none."""
    return ResponseSpec(shape, generate_examples=False, description=says, media_type=media_type)
