"""`Accounts`: the caller's own and those below it (reference 4.1)."""

from dataclasses import replace

from litestar import Response, Router, get, post, route
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.domain.identity.role_permissions import ACCOUNTS as ACCOUNTS_RESOURCE
from dialplane.domain.ids import AccountId, OrganizationId
from dialplane.domain.tenancy.account_tree import AccountChange, AccountQuery, SubAccountDraft
from dialplane.domain.tenancy.accounts import AccountStatus, Role
from dialplane.faces.restcomm.account_shapes import WRITTEN_WORDS, show_account, statuses_shown_as
from dialplane.faces.restcomm.credentials import RESOURCE, read_sid
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.paging import LARGEST_PAGE, Collection, Listed, Page, read_page, show_list
from dialplane.faces.restcomm.refusals import naming
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.tenancy import account_tree as service
from dialplane.services.tenancy.organizations import migrate_account as move_account
from dialplane.services.tenancy.organizations import organizations_of

ACCOUNTS = Collection("Accounts", "Account", "accounts")
LONGEST_SECRET = 256

_PARAMETERS = {
    "email": "EmailAddress",
    "password": "Password",
    "status": "Status",
    "organization_id": "OrganizationSid",
}


@get("/")
async def list_accounts(request: RestcommRequest) -> Response[bytes]:
    """The accounts directly below the caller; with the caller itself in Twilio's dialect.

    Filters: `FriendlyName`, `Status`, and at the top of a tree `OrganizationSid` and `DomainName`, which look at the
    whole tree.
    """
    page = read_unpaged(request, ACCOUNTS)
    query = await _read_query(request, page)
    accounts, total = (await service.query_accounts(request.database, query)) if query else ([], 0)
    rows = [show_account(request.asked, account) for account in accounts[: page.size]]
    return show_list(request, ACCOUNTS, Listed(rows, total, more_follow=len(accounts) > page.size), page)


@post("/", status_code=200)
async def create_account(request: RestcommRequest) -> Response[bytes]:
    """An account below the caller."""
    with naming(_PARAMETERS):
        account = await service.create_sub_account(
            request.database, request.ports.hasher, request.caller_id, _read_draft(request), now=request.now
        )
    return show(request.asked, "Account", show_account(request.asked, account), status=request.dialect.created)


@get("/{account_sid:str}")
async def get_account(request: RestcommRequest, account_sid: FromPath[str]) -> Response[bytes]:
    """The caller's account or one below it, by sid or address of e-mail."""
    return show(request.asked, "Account", show_account(request.asked, request.account))


@route("/{account_sid:str}", http_method=["POST", "PUT"], status_code=200)
async def update_account(request: RestcommRequest, account_sid: FromPath[str]) -> Response[bytes]:
    """Change name, status, password or role; the status reaches all accounts below, and `closed` is final."""
    with naming(_PARAMETERS):
        account = await service.change_account(
            request.database,
            request.ports.hasher,
            request.caller_id,
            request.account_id,
            _read_change(request),
            now=await request.billing_now(),
        )
    return show(request.asked, "Account", show_account(request.asked, account))


@post("/migrate/{moved_sid:str}", status_code=200)
async def migrate_account(request: RestcommRequest, moved_sid: FromPath[str]) -> Response[bytes]:
    """Move an account with all below it to the organization in `Organization`."""
    if request.dialect.is_twilio:
        raise NotFound("The requested resource was not found")
    account_id, sid = read_sid("AC", moved_sid), request.parameters.text("Organization")
    organization_id = read_sid("OR", sid)
    if account_id is None:
        raise NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND")
    if organization_id is None:
        raise invalid("Organization", "is OR and 32 hexadecimal digits")
    with naming(_PARAMETERS | {"organization_id": "Organization"}):
        account = await move_account(
            request.database, request.account, AccountId(account_id), OrganizationId(organization_id), request.now
        )
    return show(request.asked, "Account", show_account(request.asked, account))


# --- what the client writes ------------------------------------------------------------------------------------------


def read_unpaged(request: RestcommRequest, collection: Collection) -> Page:
    """The page of a list that Restcomm answers with a bare array: nothing there would lead on to a second page, so
    that the first one is as long as a page may be."""
    page = read_page(request, collection)
    is_bare = not request.dialect.is_twilio and "PageSize" not in request.filters
    return replace(page, size=LARGEST_PAGE) if is_bare else page


async def _read_query(request: RestcommRequest, page: Page) -> AccountQuery | None:
    """None where nothing can fit."""
    filters = request.filters
    statuses: tuple[AccountStatus, ...] = ()
    if word := filters.text("Status"):
        statuses = statuses_shown_as(request.asked, word.lower())
        if not statuses:
            raise invalid("Status", "is active, suspended, inactive, closed or uninitialized")
    query = AccountQuery(
        request.caller_id,
        with_root=request.dialect.is_twilio,
        name=filters.text("FriendlyName"),
        statuses=statuses,
        offset=page.offset,
        limit=page.size + 1,
    )
    sid, domain = filters.text("OrganizationSid"), filters.text("DomainName").lower()
    if not sid and not domain:
        return query
    for seen in await organizations_of(request.database, request.account):
        if read_sid("OR", sid) == seen.organization.id if sid else domain in seen.organization.domains:
            return replace(query, organization_id=seen.organization.id, whole_tree=True, with_root=True)
    return None


def _read_draft(request: RestcommRequest) -> SubAccountDraft:
    parameters = request.parameters
    email, password = parameters.text("EmailAddress"), parameters.text("Password", longest=LONGEST_SECRET)
    name = parameters.text("FriendlyName")
    if request.dialect.is_twilio:
        name = name or email or f"SubAccount Created at {request.now:%Y-%m-%d %I:%M %p}"
    else:
        for parameter, value in (("EmailAddress", email), ("Password", password)):
            if not value:
                raise invalid(parameter, "is needed")
    return SubAccountDraft(
        name=name,
        email=email,
        password=password,
        status=_read_status(parameters) or AccountStatus.ACTIVE,
        role=_read_role(parameters) or Role.ADMINISTRATOR,
        organization_id=_read_organization(parameters),
    )


def _read_change(request: RestcommRequest) -> AccountChange:
    parameters = request.parameters
    return AccountChange(
        name=parameters.find("FriendlyName"),
        status=_read_status(parameters),
        password=parameters.find("Password", longest=LONGEST_SECRET),
        role=_read_role(parameters),
    )


def _read_status(parameters: Parameters) -> AccountStatus | None:
    word = parameters.text("Status").strip().lower()
    if word and word not in WRITTEN_WORDS:
        raise invalid("Status", f"is one of {', '.join(WRITTEN_WORDS)}")
    return WRITTEN_WORDS.get(word)


def _read_role(parameters: Parameters) -> Role | None:
    word = parameters.text("Role").strip()
    if not word:
        return None
    found = next((role for role in Role if role.value.lower() == word.lower()), None)
    if found is None:
        raise invalid("Role", f"is one of {', '.join(Role)}")
    return found


def _read_organization(parameters: Parameters) -> OrganizationId | None:
    sid = parameters.text("OrganizationSid")
    organization_id = read_sid("OR", sid) if sid else None
    if sid and organization_id is None:
        raise invalid("OrganizationSid", "is OR and 32 hexadecimal digits")
    return None if organization_id is None else OrganizationId(organization_id)


router = Router(
    "/Accounts",
    route_handlers=[list_accounts, create_account, get_account, update_account, migrate_account],
    opt={RESOURCE: ACCOUNTS_RESOURCE},
)
