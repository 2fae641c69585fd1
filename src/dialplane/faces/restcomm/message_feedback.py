"""`Messages/{sid}/Feedback` (Twilio's): the sender says whether a message did what it was for."""

from litestar import Response, Router, post
from litestar.exceptions import MethodNotAllowedException
from litestar.params import FromPath

from dialplane.domain.ids import to_sid
from dialplane.domain.messaging.feedback import Outcome
from dialplane.faces.restcomm.credentials import RESOURCE
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.messages import message_id_of
from dialplane.faces.restcomm.refusals import naming
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.messaging.message_feedback import give_feedback


@post("/", status_code=201)
async def create_feedback(request: RestcommRequest, message_sid: FromPath[str]) -> Response[bytes]:
    """Say whether the receiver did what a sent message was for; the last word counts (Twilio's)."""
    dialect, message_id = request.dialect, message_id_of(message_sid)
    if not dialect.is_twilio:
        raise MethodNotAllowedException
    outcome = _read_outcome(request.parameters)
    with naming({"message_id": "MessageSid"}):
        feedback = await give_feedback(request.database, request.account_id, message_id, outcome, request.now)
    account_sid = to_sid("AC", request.account_id)
    members = {
        "account_sid": account_sid,
        "message_sid": message_sid,
        "outcome": feedback.outcome.value,
        "date_created": dialect.show_time(feedback.created_at),
        "date_updated": dialect.show_time(feedback.updated_at),
        "uri": request.asked.uri(f"/Accounts/{account_sid}/Messages/{message_sid}/Feedback"),
    }
    return show(request.asked, "MessageFeedback", members, status=201)


def _read_outcome(parameters: Parameters) -> Outcome:
    """Confirmed where none is named."""
    text = parameters.text("Outcome").lower() or Outcome.CONFIRMED
    if text not in list(Outcome):
        raise invalid("Outcome", "is confirmed or unconfirmed")
    return Outcome(text)


router = Router(
    "/Accounts/{account_sid:str}/Messages/{message_sid:str}/Feedback",
    route_handlers=[create_feedback],
    opt={RESOURCE: "Messages"},
)
