"""Status callbacks: what happens to calls, messages, recordings and rooms, told to the addresses that asked for it.

They are deliveries like webhooks, written with the change that they tell of: retried by the same schedule, kept in the
same log, one after the other for each call (or whatever they are `about`), through the guarded client.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import structlog

from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.errors import Invalid
from dialplane.domain.eventing.events import Event
from dialplane.domain.eventing.webhooks import Endpoint, EndpointKind, new_secret
from dialplane.domain.ids import AccountId, DeliveryId, EndpointId, EventId, new_id, to_sid
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.rcml.callbacks import Progress, progress_form
from dialplane.domain.rcml.forms import place_form, twilio_signature
from dialplane.domain.rcml.parameters import (
    Form,
    answered_by_fields,
    direction_of,
    instance_sid,
    recordings_url,
    sound_url,
)
from dialplane.services.eventing.webhook_store import HookDelivery
from dialplane.services.eventing.webhooks import check_url
from dialplane.services.transaction import Database, Transaction

EVENT = "status_callback"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Told:
    """One request to be made. Those `about` the same thing arrive in the order in which they were told."""

    account_id: AccountId
    about: UUID
    callback: StatusCallback
    form: Form


async def tell(tx: Transaction, told: Sequence[Told], now: datetime) -> None:
    """Queue the requests. An address that no request may go to is logged and left out: nothing else fails for it."""
    good = [each for each in told if _may_be_asked(each)]
    if not good:
        return
    accounts = await tx.accounts.find_many({each.account_id for each in good})
    events: list[tuple[EventId, Event]] = []
    deliveries: list[HookDelivery] = []
    for each in good:
        account = accounts.get(each.account_id)
        if account is None:
            continue
        event = Event(each.account_id, EVENT, each.about, _request(each, account.auth_token), now, public=False)
        events.append((EventId(new_id(now)), event))
        deliveries.append(
            HookDelivery(_endpoint(each, now), DeliveryId(new_id(now)), events[-1][0], ordered_by=each.about)
        )
    await tx.events.append(events)
    await tx.webhooks.add_callback_deliveries(deliveries)


async def tell_progress(
    tx: Transaction, happened: Sequence[tuple[Call, Progress]], now: datetime, *, public_url: str = ""
) -> None:
    """Tell of what happened to calls, each as it was then. Calls that nobody asked about cost nothing."""
    told = []
    for call, progress in happened:
        callback = call.extras.status if call.extras is not None else None
        if callback is None:
            continue
        recording = await _recording(tx, call, public_url) if progress is Progress.COMPLETED else ()
        form = progress_form(
            call,
            progress,
            callback,
            call.updated_at or now,
            instance=instance_sid(call.node),
            recording=recording,
        )
        if form is not None:
            told.append(Told(call.account_id, call.id, callback, form))
    if told:
        await tell(tx, told, now)


async def tell_who_answered(database: Database, call: Call, callback: StatusCallback, now: datetime) -> None:
    """Tell the outcome of machine detection by itself (Twilio's `AsyncAmdStatusCallback`)."""
    form = (
        ("CallSid", to_sid("CA", call.id)),
        ("AccountSid", to_sid("AC", call.account_id)),
        *answered_by_fields(call),
    )
    async with database.transaction() as tx:
        await tell(tx, [Told(call.account_id, call.id, callback, form)], now)


async def _recording(tx: Transaction, call: Call, public_url: str) -> Form:
    """Of a recorded call that the API began: where its recording is (reference 5.5)."""
    if direction_of(call) != "outbound-api" or not call.recording_ids:
        return ()
    found = await tx.recordings.find(call.account_id, call.recording_ids[-1])
    if found is None:
        return ()
    sid = to_sid("RE", found.id)
    version = call.details.api_version
    folder = recordings_url(public_url, version, to_sid("AC", call.account_id))
    seconds = found.duration_ms / 1000
    if not found.ended_at and found.started_at and call.ended_at:  # it ends with its call, a moment after this
        seconds = max((call.ended_at - found.started_at).total_seconds(), 0)
    return (
        ("RecordingUrl", sound_url(folder, sid, version)),
        ("RecordingSid", sid),
        ("RecordingDuration", str(round(seconds))),
    )


def progress_of(call: Call, event: str) -> Progress | None:
    """What an event of the call (`call_ringing`, …) is to a status callback."""
    if event == "call_created":
        return Progress.RINGING if call.direction is Direction.INCOMING else Progress.INITIATED
    return _PROGRESS.get(event)


_PROGRESS = {
    f"call_{CallStatus.RINGING}": Progress.RINGING,
    f"call_{CallStatus.PROGRESSING}": Progress.ANSWERED,
    f"call_{CallStatus.HANGUP}": Progress.COMPLETED,
}


def _may_be_asked(told: Told) -> bool:
    try:
        check_url(told.callback.url)
    except Invalid as refusal:
        log.info("status_callback_refused", about=str(told.about), reason=refusal.message)
        return False
    return True


def _request(told: Told, token: str) -> dict[str, object]:
    """The event's data: everything of the request but the address, which is the endpoint's."""
    url, body = place_form(told.callback.url, told.callback.method, told.form)
    form = told.form if body else ()
    return {
        "query": urlsplit(url).query,
        "form": [list(field) for field in form],
        "signature": twilio_signature(token, url, form),
    }


def _endpoint(told: Told, now: datetime) -> Endpoint:
    """By the address without its query: many write the call's id there, and an endpoint for each would pile up."""
    address = told.callback.url.partition("?")[0].partition("#")[0]
    return Endpoint(
        EndpointId(new_id(now)),
        told.account_id,
        EndpointKind.CALLBACK,
        address,
        told.callback.method,
        new_secret(),
        now,
    )
