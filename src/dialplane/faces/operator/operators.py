"""People who may use the operator's desk in the portal."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.identity.people import Person
from dialplane.domain.ids import PersonId
from dialplane.faces.operator.answers import posting, refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.identity import operators as service


class NewOperator(msgspec.Struct):
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=320)]


class ShownOperator(msgspec.Struct):
    id: UUID
    email: str
    name: str
    has_second_step: bool
    operator_since: datetime | None


class MadeOperator(ShownOperator):
    """`portal_password` is there where nobody had the address before; it is shown in this answer only."""

    portal_password: str


class ShownOperators(msgspec.Struct):
    operators: list[ShownOperator]


def show_operator(person: Person) -> ShownOperator:
    return ShownOperator(person.id, person.email, person.name, person.has_totp, person.operator_since)


@get("/", responses=refusals())
async def list_operators(request: OperatorRequest) -> ShownOperators:
    """Those who have been operators longest first."""
    return ShownOperators([show_operator(person) for person in await service.list_operators(request.database)])


@post("/", responses=posting())
async def make_operator(request: OperatorRequest, data: JSONBody[NewOperator]) -> MadeOperator:
    """Let whoever has the address use the desk. Somebody new gets a password; who is there signs in again."""
    made = await service.make_operator(request.database, request.ports.hasher, data.email, request.now)
    shown = show_operator(made.person)
    return MadeOperator(**msgspec.structs.asdict(shown), portal_password=made.password)


@delete("/{person_id:uuid}", status_code=200, responses=refusals(404, 409))
async def dismiss_operator(request: OperatorRequest, person_id: FromPath[UUID]) -> ShownOperator:
    """The person stays, and is no operator any more; the last one stays an operator."""
    return show_operator(await service.dismiss_operator(request.database, PersonId(person_id), request.now))


router = Router("/operators", route_handlers=[list_operators, make_operator, dismiss_operator], tags=["Platform"])
