"""`/v1.0/number_defaults`: what the account's numbers do that have no target of their own (VoxCPaaS 3.5)."""

from typing import Annotated

import msgspec
from litestar import Router, get, put
from litestar.params import JSONBody

from dialplane.domain.numbering.number_defaults import NumberDefaults, defaults_of
from dialplane.faces.voipbin.answers import Fields, answers
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.targets import Method
from dialplane.services.numbering import number_defaults as service
from dialplane.services.tenancy.accounts import get_account


class DefaultTrunk(msgspec.Struct):
    """A SIP server; without a port it is 5060."""

    sip_server: Annotated[str, msgspec.Meta(max_length=255, examples=["192.0.2.1"])] = ""
    sip_port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None


class DefaultMessageUrl(msgspec.Struct):
    url: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    method: Method = "POST"


class ShownDefaults(msgspec.Struct):
    """`sip` is `host:port`. Empty is none."""

    sip: str
    message_url: str
    message_method: Method


@get("/number_defaults", responses=answers(ShownDefaults))
async def get_defaults(request: ApiRequest) -> Fields:
    """Where calls and messages go to numbers that have no target of their own."""
    return _shape(defaults_of((await get_account(request.database, request.account_id)).metadata))


@put("/number_defaults/trunk", responses=answers(ShownDefaults))
async def set_trunk(request: ApiRequest, data: JSONBody[DefaultTrunk]) -> Fields:
    """Let calls to numbers without a target go to a SIP server; to none with an empty `sip_server`."""
    request.require_manager()
    port = "" if data.sip_port is None else str(data.sip_port)
    made = await service.set_default_trunk(request.database, request.account_id, data.sip_server, port, request.now)
    return _shape(made)


@put("/number_defaults/message_url", responses=answers(ShownDefaults))
async def set_message_url(request: ApiRequest, data: JSONBody[DefaultMessageUrl]) -> Fields:
    """Let messages to numbers without a target go to a hook; to none with an empty `url`."""
    request.require_manager()
    made = await service.set_default_message_url(
        request.database, request.account_id, data.url, data.method, request.now
    )
    return _shape(made)


def _shape(defaults: NumberDefaults) -> Fields:
    return {
        "sip": defaults.sip,
        "message_url": defaults.message_url,
        "message_method": defaults.message_method,
    }


router = Router("/", route_handlers=[get_defaults, set_trunk, set_message_url], tags=["Numbers"])
