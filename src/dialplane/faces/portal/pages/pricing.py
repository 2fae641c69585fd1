"""Pricing by country, and the rate sheet to download (VoxCPaaS 2.3.1 to 2.3.3)."""

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from dialplane.domain.errors import Invalid
from dialplane.domain.identity.people import Deed
from dialplane.faces.downloads import csv_download
from dialplane.faces.portal.countries import choices
from dialplane.faces.portal.forms import Form
from dialplane.faces.portal.rendering import show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import page
from dialplane.services.charging.price_lists import list_prices, write_rate_sheet
from dialplane.services.tenancy.projects import check_country


@page("/projects/{project:uuid}/pricing", deed=Deed.VIEW)
async def show_pricing(request: PortalRequest) -> Response[str]:
    country = request.fields.get("country") or request.project.account.home_country
    form = Form({"country": country})
    try:
        lines = await list_prices(request.database, request.account_id, check_country(country))
    except Invalid as refusal:
        form, lines = form.refuse(refusal), []
    return await show(request, "pricing.html", form=form, lines=lines, countries=choices(), country=country)


@page("/projects/{project:uuid}/pricing.csv", deed=Deed.VIEW)
async def download_rates(request: PortalRequest) -> Stream:
    return csv_download(await write_rate_sheet(request.database, request.account_id), "pricing.csv")


HANDLERS: list[HTTPRouteHandler] = [show_pricing, download_rates]
