"""Campaigns, outplans, outdials, targets and campaigncalls in the native JSON form (VoIPBIN reference 6.9)."""

from datetime import datetime

from dialplane.domain.addresses import Address
from dialplane.domain.campaigns.campaigns import Campaign, Campaigncall
from dialplane.domain.campaigns.outdials import Outdial, OutdialTarget
from dialplane.domain.campaigns.outplans import Outplan
from dialplane.services.shapes.calls import address_shape
from dialplane.services.shapes.common import show_id, show_time


def campaign_shape(campaign: Campaign) -> dict[str, object]:
    return {
        "id": show_id(campaign.id),
        "customer_id": show_id(campaign.account_id),
        "type": campaign.type,
        "name": campaign.name,
        "detail": campaign.detail,
        "status": campaign.status,
        "end_handle": campaign.end_handle,
        "service_level": campaign.service_level,
        "actions": list(campaign.actions),
        "outplan_id": show_id(campaign.outplan_id),
        "outdial_id": show_id(campaign.outdial_id),
        "queue_id": show_id(campaign.queue_id),
        "next_campaign_id": show_id(campaign.next_campaign_id),
        **_times(campaign.created_at, campaign.updated_at, campaign.deleted_at),
    }


def outplan_shape(plan: Outplan) -> dict[str, object]:
    return {
        "id": show_id(plan.id),
        "customer_id": show_id(plan.account_id),
        "name": plan.name,
        "detail": plan.detail,
        "source": _party(plan.source),
        "dial_timeout": plan.dial_timeout_ms,
        "try_interval": plan.try_interval_ms,
        **{f"max_try_count_{index}": count for index, count in enumerate(plan.max_try_counts)},
        **_times(plan.created_at, plan.updated_at, plan.deleted_at),
    }


def outdial_shape(outdial: Outdial) -> dict[str, object]:
    return {
        "id": show_id(outdial.id),
        "customer_id": show_id(outdial.account_id),
        "name": outdial.name,
        "detail": outdial.detail,
        "data": outdial.data,
        **_times(outdial.created_at, outdial.updated_at, outdial.deleted_at),
    }


def target_shape(target: OutdialTarget) -> dict[str, object]:
    return {
        "id": show_id(target.id),
        "customer_id": show_id(target.account_id),
        "outdial_id": show_id(target.outdial_id),
        "name": target.name,
        "detail": target.detail,
        "data": target.data,
        "status": target.status,
        **{f"destination_{index}": _party(each) for index, each in enumerate(target.destinations)},
        **{f"try_count_{index}": count for index, count in enumerate(target.try_counts)},
        **_times(target.created_at, target.updated_at, target.deleted_at),
    }


def campaigncall_shape(call: Campaigncall) -> dict[str, object]:
    return {
        "id": show_id(call.id),
        "customer_id": show_id(call.account_id),
        "campaign_id": show_id(call.campaign_id),
        "outplan_id": show_id(call.outplan_id),
        "outdial_id": show_id(call.outdial_id),
        "outdial_target_id": show_id(call.target_id),
        "queue_id": show_id(call.queue_id),
        "activeflow_id": show_id(call.run_id),
        "reference_type": call.reference_type,
        "reference_id": show_id(call.reference_id),
        "status": call.status,
        "result": call.result,
        "source": _party(call.source),
        "destination": _party(call.destination),
        "destination_index": call.destination_index,
        "try_count": call.try_count,
        **_times(call.created_at, call.updated_at, call.deleted_at),
    }


def _party(address: Address | None) -> dict[str, object] | None:
    return None if address is None else address_shape(address)


def _times(created: datetime, updated: datetime | None, deleted: datetime | None) -> dict[str, object]:
    return {"tm_create": show_time(created), "tm_update": show_time(updated), "tm_delete": show_time(deleted)}
