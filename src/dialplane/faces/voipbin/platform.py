"""What only the platform's operator may ask for (reference 1.10): a tenant gets 403 before anything of it is read."""

from litestar import Router, route
from litestar.connection import ASGIConnection
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler

from dialplane.domain.errors import NotPermitted
from dialplane.domain.tenancy.accounts import Permission
from dialplane.faces.voipbin.answers import Fields
from dialplane.faces.voipbin.request import ApiRequest

_OF_THE_OPERATORS_OWN_API = ("/customers", "/billing_accounts", "/outbound_configs")
"""What the peer has here is in `/operator/v1`."""


def require_platform(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]  # Litestar's
    """A guard of routes. Raises NotPermitted."""
    if not connection.user.permission & Permission.PLATFORM_ADMIN:
        raise NotPermitted("This is for the platform's operator")


@route(
    [each for base in _OF_THE_OPERATORS_OWN_API for each in (base, f"{base}/{{rest:path}}")],
    http_method=["GET", "POST", "PUT", "DELETE"],
    include_in_schema=False,
)
async def refuse(request: ApiRequest) -> Fields:
    """Nothing is here for the operator either."""
    raise NotFoundException()


router = Router("/", route_handlers=[refuse], guards=[require_platform])
