"""Every route of the operator's face."""

from litestar import Router

from dialplane.faces.operator import accounts, platform, sandbox, stock
from dialplane.faces.operator.problems import EXCEPTION_HANDLERS
from dialplane.faces.operator.request import OperatorRequest, require_operator

router = Router(
    "/operator/v1",
    route_handlers=[accounts.router, platform.router, sandbox.router, stock.router],
    guards=[require_operator],
    request_class=OperatorRequest,
    exception_handlers=EXCEPTION_HANDLERS,
    include_in_schema=False,
)
