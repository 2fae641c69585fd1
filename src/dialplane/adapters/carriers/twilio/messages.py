"""Texts by Twilio."""

from dialplane.adapters.carriers.api import CarrierApi, accepted, text_at
from dialplane.adapters.carriers.twilio.credentials import resource
from dialplane.adapters.carriers.twilio.numbers import reason_of
from dialplane.domain.supply.carrier_accounts import CarrierAccount
from dialplane.services.messaging.message_sending import Accepted, Rejected, Submission


class TwilioMessages:
    """Fulfils `adapters.carriers.messages.Sends`."""

    def __init__(self, api: CarrierApi, account: CarrierAccount) -> None:
        self._api = api
        self._account = account

    async def send(self, submission: Submission) -> Accepted | Rejected:
        """The reference stands in the address of the status callback, which Twilio calls with every event."""
        form = [
            ("From", submission.source.target),
            ("To", submission.destination.target),
            ("Body", submission.text),
            ("StatusCallback", f"{self._account.webhook_base}/status?reference={submission.reference}"),
            *(("MediaUrl", url) for url in submission.medias),
        ]
        url = resource(self._account, "Messages")
        answer = await self._api.ask("POST", url, form=form, about=submission.source.target)
        return accepted(text_at(answer.data, "sid")) if answer.is_good else Rejected(reason_of(answer))
