"""Talks with assistants in the native JSON form (VoIPBIN reference section 6.10)."""

from dialplane.domain.programs.aicalls import Aicall, Aimessage
from dialplane.services.shapes.common import show_id, show_time


def aicall_shape(aicall: Aicall) -> dict[str, object]:
    return {
        "id": show_id(aicall.id),
        "customer_id": show_id(aicall.account_id),
        "assistance_type": aicall.assistance_type,
        "assistance_id": show_id(aicall.assistance_id),
        "ai_engine_model": aicall.engine_model,
        "activeflow_id": show_id(aicall.run_id),
        "reference_type": aicall.reference_type,
        "reference_id": show_id(aicall.reference_id),
        "stt_language": aicall.language,
        "status": aicall.status,
        "tm_end": show_time(aicall.ended_at),
        "tm_create": show_time(aicall.created_at),
        "tm_update": show_time(aicall.updated_at),
        "tm_delete": show_time(aicall.deleted_at),
    }


def aimessage_shape(message: Aimessage) -> dict[str, object]:
    return {
        "id": show_id(message.id),
        "customer_id": show_id(message.account_id),
        "aicall_id": show_id(message.aicall_id),
        "role": message.role,
        "content": message.content,
        "tm_create": show_time(message.created_at),
        "tm_delete": show_time(message.deleted_at),
    }
