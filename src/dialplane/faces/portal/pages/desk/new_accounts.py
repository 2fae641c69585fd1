"""Opening an account; its credentials are shown once."""

from dataclasses import asdict

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from dialplane.domain.errors import Refusal
from dialplane.domain.identity.people import check_email
from dialplane.domain.ids import NIL, OrganizationId, find_uuid
from dialplane.domain.money import ZERO
from dialplane.domain.tenancy.accounts import Plan
from dialplane.faces.portal.countries import choices
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.billing import read_amount
from dialplane.faces.portal.pages.desk.reading import PLANS, chosen
from dialplane.faces.portal.rendering import show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.services.operating.directory import search_organizations
from dialplane.services.tenancy.projects import check_country
from dialplane.services.tenancy.provisioning import AccountDraft, create_account

_MOST_CHOICES = 200


@page("/operator/accounts/new")
async def show_new(request: PortalRequest) -> Response[str]:
    organization = request.fields.get("organization")
    return await _show(request, Form({"plan": Plan.FREE.value, "country": "US", "organization": organization}))


async def _show(request: PortalRequest, form: Form) -> Response[str]:
    known = await search_organizations(request.database, "", limit=_MOST_CHOICES)
    return await show(
        request,
        "desk/account_new.html",
        form=form,
        plans=PLANS,
        countries=choices(),
        organizations=[(str(each.id), each.name) for each in known],
    )


@action("/operator/accounts/new")
async def take_new(request: PortalRequest) -> Response[str]:
    """The answer holds the credentials, and nothing keeps them."""
    fields = request.fields
    try:
        email = check_email(fields.get("email"))
        organization = find_uuid(fields.get("organization"))
        draft = AccountDraft(
            name=fields.get("name"),
            email=email,
            organization_id=OrganizationId(organization or NIL),
            plan=chosen(Plan, fields.get("plan"), field="plan"),
            credit=read_amount(fields.get("amount")) if fields.get("amount") else ZERO,
            verified=fields.is_on("verified"),
            home_country=check_country(fields.get("country")),
        )
        made = await create_account(
            request.database,
            request.ports.hasher,
            draft,
            now=request.now,
            new_organization="" if organization else draft.name,
        )
    except Refusal as refusal:
        form = typed(fields).refuse(refusal, organization_id="organization", home_country="country")
        return await _show(request, form)
    return await show(request, "desk/account_made.html", account=made.account, credentials=asdict(made.credentials))


HANDLERS: list[HTTPRouteHandler] = [show_new, take_new]
