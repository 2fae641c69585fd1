"""What a visitor's token may ask for: the routes that say so, and nothing else (reference 1.2)."""

from litestar.types import Scope

from dialplane.domain.errors import NotPermitted
from dialplane.domain.identity.visitors import ConversationType, Visitor

_OPEN_TO = "open_to_visitors"


def open_to_visitors(*types: ConversationType) -> dict[str, object]:
    """A route's `opt`: visitors with a conversation of these types may ask it. Its handler asks only for what the
    request may reach (`ApiRequest.reachable`)."""
    return {_OPEN_TO: frozenset(types)}


def check_reach(scope: Scope, visitor: Visitor | None) -> None:
    """Whoever is no visitor reaches every route. Raises NotPermitted (DIRECT_ACCESS_NOT_SUPPORTED)."""
    if visitor is None:
        return
    if visitor.conversation_type not in scope["route_handler"].opt.get(_OPEN_TO, ()):
        raise NotPermitted("A direct token does not reach this", reason="DIRECT_ACCESS_NOT_SUPPORTED")
