"""What services call a field, in the words of one resource's parameters."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from dialplane.domain.errors import Refusal


@contextmanager
def naming(parameters: Mapping[str, str], reasons: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
    """Refusals that pass name the parameter which stands here for their field, and the reason that it is here."""
    try:
        yield
    except Refusal as refusal:
        refusal.field = parameters.get(refusal.field, refusal.field)
        refusal.reason = reasons.get(refusal.reason, refusal.reason)
        raise
