"""`/v1.0/members` and `/v1.0/invitations`: who signs in to the account in the portal, and in which role."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.identity.people import LONGEST_EMAIL, Role
from dialplane.domain.ids import PersonId
from dialplane.faces.api_limits import refuse_flood
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.rate_limits import RateLimiter
from dialplane.faces.voipbin.answers import Fields, answers, posted
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.shapes.people import invitation_shape, member_shape
from dialplane.services.tenancy import projects as service

Mails = NamedDependency[RateLimiter]
"""How many mails one address gets."""


class Member(msgspec.Struct):
    """Somebody who may sign in to the account; `has_second_step`: with two-step sign-in."""

    id: UUID
    name: str
    email: str
    role: Role
    has_second_step: bool
    tm_create: str | None


class Members(msgspec.Struct):
    """All of them, at most 500."""

    result: list[Member]


class Invitation(msgspec.Struct):
    """A link on its way, which makes whoever has the address a member."""

    email: str
    role: Role
    tm_create: str | None
    tm_expire: str | None


class Invitations(msgspec.Struct):
    """Those that can still be accepted."""

    result: list[Invitation]


class NewInvitation(msgspec.Struct):
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=LONGEST_EMAIL, examples=["ann@example.org"])]
    role: Role = Role.DEVELOPER
    """A key makes no owners."""


class NewRole(msgspec.Struct):
    role: Role


@get("/members", responses=answers(Members))
async def list_members(request: ApiRequest) -> Fields:
    """Who may sign in to the account."""
    request.require_admin()
    return await _members(request)


async def _members(request: ApiRequest) -> Fields:
    found = await service.list_members(request.database, request.account_id)
    return {"result": [member_shape(each) for each in found]}


@put("/members/{person_id:str}", responses=answers(Members, 404, 409))
async def change_role(request: ApiRequest, person_id: FromPath[UUID], data: JSONBody[NewRole]) -> Fields:
    """Give a member another role; they sign in again with it. Owners are changed by owners, in the portal."""
    request.require_admin()
    by = service.KeyGranter(request.account_id)
    await service.change_role(request.database, by, PersonId(person_id), data.role, request.now)
    return await _members(request)


@delete("/members/{person_id:str}", status_code=200, responses=answers(Members, 404, 409))
async def remove_member(request: ApiRequest, person_id: FromPath[UUID]) -> Fields:
    """Take somebody out of the account; their sessions end."""
    request.require_admin()
    by = service.KeyGranter(request.account_id)
    await service.remove_member(request.database, by, PersonId(person_id), request.now)
    return await _members(request)


@get("/invitations", responses=answers(Invitations))
async def list_invitations(request: ApiRequest) -> Fields:
    """The invitations that nobody has accepted yet."""
    request.require_admin()
    return await _invitations(request)


async def _invitations(request: ApiRequest) -> Fields:
    found = await service.list_invitations(request.database, request.account_id, request.now)
    return {"result": [invitation_shape(each) for each in found]}


@post("/invitations", status_code=200, responses=posted(Invitations))
async def invite(request: ApiRequest, data: JSONBody[NewInvitation], mails: Mails) -> Fields:
    """Send somebody a link that makes them a member, for seven days; another one takes its place. Answers with all
    that are open."""
    request.require_admin()
    portal = request.ports.portal
    if portal is None:
        raise Conflict("There is no portal here that an invitation could lead to", reason="STATE_INVALID")
    refuse_flood(request.scope, mails, data.email.casefold(), limited_by="email")
    by = service.KeyGranter(request.account_id)
    await service.invite(request.database, portal.letters, by, data.email, data.role, request.now)
    return await _invitations(request)


@delete("/invitations/{email:str}", status_code=200, responses=answers(Invitations, 404))
async def revoke_invitation(request: ApiRequest, email: FromPath[str]) -> Fields:
    """Take an invitation back."""
    request.require_admin()
    found = await service.list_invitations(request.database, request.account_id, request.now)
    if email.casefold() not in {each.email.casefold() for each in found}:
        raise NotFound("Nobody is invited by this address", reason="INVITATION_NOT_FOUND", field="email")
    await service.revoke_invitation(request.database, request.account_id, email, request.now)
    return await _invitations(request)


def members_router(ports: Dependencies) -> Router:
    mails = RateLimiter("mail", ports.rate_limits.mails_by_email)
    return Router(
        "/",
        route_handlers=[list_members, change_role, remove_member, list_invitations, invite, revoke_invitation],
        dependencies={"mails": Provide(lambda: mails, sync_to_thread=False)},
        tags=["People"],
    )
