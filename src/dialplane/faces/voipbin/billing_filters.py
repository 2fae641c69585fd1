"""The filters of `/v1.0/billings` and `/v1.0/credit_history`, as lists and as files."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import QueryParameter

from dialplane.domain.charging.entry_filters import EntryFilter
from dialplane.domain.charging.ledger import ReferenceType, TransactionType
from dialplane.domain.charging.rating import CostType
from dialplane.domain.errors import Invalid


def read_filter(
    since: Annotated[
        str, QueryParameter(description="Entries of this time and later, such as `2026-01-15T09:30:00Z`, or of a day.")
    ] = "",
    until: Annotated[str, QueryParameter(description="Entries before this time or day.")] = "",
    transaction_type: Annotated[
        TransactionType | None, QueryParameter(description="`usage`, `top_up`, `adjustment` or `refund`.")
    ] = None,
    reference_type: Annotated[
        ReferenceType | None, QueryParameter(description="What was paid for: `call`, `sms`, `number`, ...")
    ] = None,
    reference_id: Annotated[UUID | None, QueryParameter(description="The id of what was paid for.")] = None,
    cost_type: Annotated[CostType | None, QueryParameter(description="`call_pstn_outgoing`, `number`, ...")] = None,
) -> EntryFilter:
    """Which entries a request asks for. Raises Invalid naming the parameter."""
    return EntryFilter(
        since=_read_time("since", since),
        until=_read_time("until", until),
        transaction_types=() if transaction_type is None else (transaction_type,),
        reference_types=() if reference_type is None else (reference_type,),
        reference_id=reference_id,
        cost_types=() if cost_type is None else (cost_type,),
    )


def _read_time(name: str, text: str) -> datetime | None:
    """What has no zone is UTC; a `+` of a zone that was not encoded arrives as a space."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise Invalid(
            f"{name} is a time such as 2026-01-15T09:30:00Z", reason="INVALID_REQUEST_PARAMETER", field=name
        ) from fault


Wanted = NamedDependency[EntryFilter]
"""What a handler declares: `wanted: Wanted`."""
