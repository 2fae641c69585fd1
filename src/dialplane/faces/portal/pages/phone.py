"""The browser's phone: an app user of the project, in the page itself."""

import secrets
from collections.abc import Sequence
from urllib.parse import quote, urlencode
from uuid import uuid4

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from dialplane.domain.calling.extensions import Extension
from dialplane.domain.errors import NotFound, Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.numbering.targets import ForwardTarget, Targets
from dialplane.domain.supply.inventory import ItemQuery, Offer, Ordering
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.numbers_as_text import show_number
from dialplane.faces.portal.pages.messages import FIELDS, send, sent_curl
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.text_pad import text_pad
from dialplane.services.calling.extensions import create_extension, list_extensions
from dialplane.services.numbering.numbers import find_caller_id, list_numbers
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.supply.carrier_search import search_everywhere

_HANDSETS = (
    ("+12025550100", "answers and says hello"),
    ("+12025550105", "answers and presses keys"),
    ("+12025550104", "is an answering machine"),
    ("+12025550101", "is busy"),
)
"""Of the simulated carrier; the README has them all."""
_MOST = 100
_SUGGESTED = 20


@page("/projects/{project:uuid}/phone", deed=Deed.CONFIGURE)
async def show_phone(request: PortalRequest) -> Response[str]:
    """The page holds the chosen app user's password, which whoever may configure phones can read anyway."""
    return await _show(request, Form())


async def _show(request: PortalRequest, texts: Form) -> Response[str]:
    users = await list_extensions(request.database, request.account_id, before=None, limit=_MOST)
    numbers = await list_numbers(request.database, request.account_id, limit=_SUGGESTED)
    return await show(
        request,
        "phone.html",
        status=422 if texts.is_refused else 200,
        users=users,
        chosen=_chosen(users, request.fields.get("user")),
        numbers=numbers,
        domain=f"{request.account_id}.registrar.dialplane",
        handsets=_HANDSETS,
        offer=await _offer(request),
        reference=uuid4(),
        pad=await text_pad(request, numbers, texts),
        call=request.fields.get("call")[:64],
    )


async def _offer(request: PortalRequest) -> Offer | None:
    """For who has no number yet that the public network could be shown: the cheapest that calls and texts at once."""
    if not request.member.may(Deed.BUY) or await find_caller_id(request.database, request.account_id) is not None:
        return None
    query = ItemQuery(
        country=request.project.account.home_country,
        kinds=(NumberKind.LOCAL, NumberKind.MOBILE),
        capabilities=("sms", "voice"),
        without_documents=True,
        order=Ordering.PRICE,
        limit=1,
    )
    now = await request.billing_now()
    found = await search_everywhere(request.database, request.ports.carriers, query, now)
    return next(iter(found.offers), None)


def _chosen(users: Sequence[Extension], name: str) -> Extension | None:
    """By name; the newest where none is named. Raises NotFound."""
    if not name:
        return next(iter(users), None)
    found = next((user for user in users if user.extension == name), None)
    if found is None:
        raise NotFound("There is no such app user", field="user")
    return found


@action("/projects/{project:uuid}/phone", deed=Deed.CONFIGURE)
async def make_phone(request: PortalRequest) -> Response[str]:
    """Make an app user for this browser, with a password that nobody has to know."""
    made = await create_extension(
        request.database,
        request.account_id,
        extension=f"browser.{secrets.token_hex(3)}",
        password=secrets.token_urlsafe(24),
        name=request.person.name,
        detail="Made for the phone in the browser",
        now=request.now,
    )
    given = {"user": made.extension, "call": request.fields.get("call")[:64]}
    path = request.at(f"/phone?{urlencode({name: value for name, value in given.items() if value})}")
    line = json_curl(request, "POST", "/v1.0/extensions", {"extension": made.extension, "password": "..."})
    return await done(request, path, f"{made.extension} is your phone here.", curl=line)


@action("/projects/{project:uuid}/phone/number", deed=Deed.BUY)
async def take_number(request: PortalRequest) -> Response[str]:
    """Buy the number that was offered, and let it ring this phone."""
    fields = request.fields
    number, user = fields.get("number"), fields.get("user")
    back = request.at(f"/phone?user={quote(user)}" if user else "/phone")
    wanted = NumberOrder(
        number=number,
        targets=Targets(voice=ForwardTarget(users=(user,)) if user else None),
        by=Actor(ActorKind.PERSON, request.person.id),
        idempotency_key=f"portal:{fields.get('reference')[:40]}:{number[:20]}",
    )
    try:
        _chosen(await list_extensions(request.database, request.account_id, before=None, limit=_MOST), user)
        got = await buy_number(
            request.database, request.ports.carriers, request.account_id, wanted, await request.billing_now()
        )
    except Refusal as refusal:
        return await done(request, request.at("/phone"), f"{number[:20]} was not bought: {refusal.message}", kind="bad")
    curl = json_curl(request, "POST", "/v1.0/numbers", {"number": number})
    if user and isinstance(got, Number):
        targets = {"voice": {"type": "forward", "users": [user]}}
        curl += " && " + json_curl(request, "PUT", f"/v1.0/numbers/{got.id}/targets", targets)
    said = f"{show_number(number)} is yours. It is shown to whom you call, and rings here."
    return await done(request, back, said, curl=curl)


@action("/projects/{project:uuid}/phone/texts", deed=Deed.CONFIGURE)
async def take_text(request: PortalRequest) -> Response[str]:
    """Send a text from a number of the project; in the sandbox, let a handset write to one."""
    fields = request.fields
    try:
        conversation = await send(request, own=fields.get("own"), peer=fields.get("peer"))
    except Refusal as refusal:
        return await _show(request, typed(fields).refuse(refusal, **FIELDS))
    user = f"&user={quote(fields.get('user'))}" if fields.get("user") else ""
    path, curl = request.at(f"/phone?thread={conversation.id}{user}#texts"), sent_curl(request, conversation)
    return await done(request, path, "The text is on its way.", curl=curl)


HANDLERS: list[HTTPRouteHandler] = [show_phone, make_phone, take_number, take_text]
