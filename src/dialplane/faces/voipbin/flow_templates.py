"""`/v1.0/flow_templates`: ready flows (Dialplane's own)."""

from typing import Annotated

import msgspec
from litestar import Router, post
from litestar.params import JSONBody

from dialplane.domain.flows.templates import GREETING, LONGEST_GREETING, LONGEST_MESSAGE_S, Voicemail
from dialplane.faces.voipbin.answers import Fields, posted
from dialplane.faces.voipbin.flows import Flow
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.programs.flow_templates import create_voicemail
from dialplane.services.shapes.flows import flow_shape


class VoicemailWish(msgspec.Struct):
    """Where messages go, and how long they may be. At least one of `email` and `webhook` is needed."""

    email: Annotated[str, msgspec.Meta(max_length=255)] = ""
    webhook: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "Voicemail"
    greeting: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_GREETING)] = GREETING
    language: Annotated[str, msgspec.Meta(max_length=35)] = "en-US"
    longest_s: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_MESSAGE_S)] = 120
    silence_s: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_MESSAGE_S)] = 5


@post("/voicemail", status_code=200, responses=posted(Flow))
async def make_voicemail(request: ApiRequest, data: JSONBody[VoicemailWish]) -> Fields:
    """Make a voicemail: the flow for a number, and beside it the one that delivers each message."""
    request.require_manager()
    wanted = Voicemail(
        greeting=data.greeting,
        language=data.language,
        email=data.email,
        webhook=data.webhook,
        longest_s=data.longest_s,
        silence_s=data.silence_s,
    )
    return flow_shape(await create_voicemail(request.database, request.account_id, data.name, wanted, request.now))


router = Router("/flow_templates", route_handlers=[make_voicemail], tags=["Flows"])
