"""The operator's desk, by subject: pages below `/portal/operator`, for operators only (`routing.py` sees to it)."""

from litestar.handlers import HTTPRouteHandler

from dialplane.faces.portal.pages.desk import (
    accounts,
    audit,
    carriers,
    imports,
    new_accounts,
    operators,
    organizations,
    outbound,
    plans,
    porting,
    rates,
    reviews,
    routes,
    stock,
    system,
    unusual,
)

HANDLERS: list[HTTPRouteHandler] = [
    *system.HANDLERS,
    *unusual.HANDLERS,
    *accounts.HANDLERS,
    *outbound.HANDLERS,
    *new_accounts.HANDLERS,
    *organizations.HANDLERS,
    *operators.HANDLERS,
    *stock.HANDLERS,
    *imports.HANDLERS,
    *reviews.HANDLERS,
    *porting.HANDLERS,
    *carriers.HANDLERS,
    *routes.HANDLERS,
    *rates.HANDLERS,
    *plans.HANDLERS,
    *audit.HANDLERS,
]
