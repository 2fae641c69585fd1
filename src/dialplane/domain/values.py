"""`dataclass` for the values of a call's way, of which each call makes some sixty.

A frozen dataclass sets each of its fields by a call of `object.__setattr__`, which took a tenth of a call's time. They
are frozen all the same: the type checker, which sees the standard library's decorator here, lets nobody change one. At
run time that check is left out and everything else is kept (equality, hash, slots, `replace`).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses

    def dataclass(cls=None, /, *, frozen=False, **options):
        """As `dataclasses.dataclass`; `frozen` makes the hash and leaves the setting of fields alone."""
        decorator = dataclasses.dataclass(unsafe_hash=frozen, **options)
        return decorator if cls is None else decorator(cls)
