"""The router at the base of a face's paths."""

from litestar import Router


class Base(Router):
    """Where the resources of a face are put together.

    Putting one router into another copies it with all that it holds. A base is made anew for each application and put
    into that alone, so it goes in as it is: a second copy of every route took a fifth of the API's start.
    """

    def __deepcopy__(self, memo: dict[int, object]) -> "Base":
        return self
