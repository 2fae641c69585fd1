"""Texts by Telnyx."""

from dialplane.adapters.carriers.api import CarrierApi, accepted, text_at
from dialplane.adapters.carriers.telnyx.numbers import API, reason_of
from dialplane.domain.supply.carrier_accounts import CarrierAccount
from dialplane.services.messaging.message_sending import Accepted, Rejected, Submission


class TelnyxMessages:
    """Fulfils `adapters.carriers.messages.Sends`."""

    def __init__(self, api: CarrierApi, account: CarrierAccount) -> None:
        self._api = api
        self._account = account

    async def send(self, submission: Submission) -> Accepted | Rejected:
        """The reference goes along as a tag, which comes back in every event of the message."""
        message: dict[str, object] = {
            "from": submission.source.target,
            "to": submission.destination.target,
            "text": submission.text,
            "type": "MMS" if submission.medias else "SMS",
            "tags": [str(submission.reference)],
            "webhook_url": f"{self._account.webhook_base}/messages",
        }
        if submission.medias:
            message["media_urls"] = list(submission.medias)
        if self._account.messaging:
            message["messaging_profile_id"] = self._account.messaging
        url = f"{(self._account.api_url or API).rstrip('/')}/messages"
        answer = await self._api.ask("POST", url, json=message, about=submission.source.target)
        return accepted(text_at(answer.data, "data", "id")) if answer.is_good else Rejected(reason_of(answer))
