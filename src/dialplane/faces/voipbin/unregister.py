"""`/auth/unregister`: an account leaves, and may come back for thirty days (reference 1.4)."""

from typing import Annotated

import msgspec
from litestar import delete, post
from litestar.params import JSONBody

from dialplane.domain.errors import NotAuthenticated
from dialplane.domain.tenancy.accounts import Principal
from dialplane.faces.voipbin.answers import Fields, answers
from dialplane.faces.voipbin.credentials import credential_of
from dialplane.faces.voipbin.customer import Customer
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.shapes.customer import customer_shape
from dialplane.services.tenancy import unregistering as service


class Unregistration(msgspec.Struct):
    """`password` or `confirmation_phrase` `DELETE`. `immediate` closes the account at once and for good."""

    password: Annotated[str, msgspec.Meta(max_length=320)] = ""
    confirmation_phrase: Annotated[str, msgspec.Meta(max_length=320)] = ""
    immediate: bool = False


@post("/unregister", status_code=200, responses=answers(Customer, 409))
async def unregister(request: ApiRequest, data: JSONBody[Unregistration]) -> Fields:
    """Freeze the account: nothing of it works any more, and it is deleted thirty days later."""
    left = await service.unregister(
        request.database,
        request.ports.hasher,
        await _asker(request),
        password=data.password,
        phrase=data.confirmation_phrase,
        immediate=data.immediate,
        now=await request.billing_now(),
    )
    request.forget_credentials()
    return customer_shape(left)


@delete("/unregister", status_code=200, responses=answers(Customer, 409))
async def recover(request: ApiRequest) -> Fields:
    """Let a frozen account go on, as it was."""
    recovered = await service.recover(request.database, await _asker(request), await request.billing_now())
    request.forget_credentials()
    return customer_shape(recovered)


async def _asker(request: ApiRequest) -> Principal:
    """Whoever asks, of a frozen account too: these paths lie outside of `/v1.0`, whose layers refuse it."""
    credential = credential_of(request.scope)
    if not credential:
        raise NotAuthenticated("Send a token or an access key", reason="AUTHENTICATION_REQUIRED")
    asker: Principal = await request.app.state.verifier.verify_of_frozen(credential)
    return asker
