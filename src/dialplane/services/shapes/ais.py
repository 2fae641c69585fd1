"""Assistants and teams in the native JSON form (VoIPBIN reference section 6.10)."""

from dialplane.domain.programs.ais import Ai, Team
from dialplane.domain.programs.summaries import AiPrompt, AiSummary
from dialplane.services.shapes.common import show_id, show_time


def ai_shape(ai: Ai) -> dict[str, object]:
    return {
        "id": show_id(ai.id),
        "customer_id": show_id(ai.account_id),
        "name": ai.name,
        "detail": ai.detail,
        "engine_model": ai.engine_model,
        "init_prompt": ai.init_prompt,
        "tts_voice_id": ai.tts_voice_id,
        "rag_id": show_id(ai.rag_id),
        "direct_hash": ai.direct_hash,
        "tm_create": show_time(ai.created_at),
        "tm_update": show_time(ai.updated_at),
        "tm_delete": show_time(ai.deleted_at),
    }


def team_shape(team: Team) -> dict[str, object]:
    return {
        "id": show_id(team.id),
        "customer_id": show_id(team.account_id),
        "name": team.name,
        "detail": team.detail,
        "start_member_id": show_id(team.start_member_id),
        "members": [
            {
                "id": show_id(member.id),
                "name": member.name,
                "ai_id": show_id(member.ai_id),
                "transitions": [
                    {
                        "function_name": each.function_name,
                        "description": each.description,
                        "next_member_id": show_id(each.next_member_id),
                    }
                    for each in member.transitions
                ],
            }
            for member in team.members
        ],
        "direct_hash": team.direct_hash,
        "tm_create": show_time(team.created_at),
        "tm_update": show_time(team.updated_at),
        "tm_delete": show_time(team.deleted_at),
    }


def prompt_shape(prompt: AiPrompt) -> dict[str, object]:
    return {
        "id": show_id(prompt.id),
        "customer_id": show_id(prompt.account_id),
        "ai_id": show_id(prompt.ai_id),
        "prompt": prompt.prompt,
        "tm_create": show_time(prompt.created_at),
    }


def summary_shape(summary: AiSummary) -> dict[str, object]:
    return {
        "id": show_id(summary.id),
        "customer_id": show_id(summary.account_id),
        "activeflow_id": show_id(summary.run_id),
        "on_end_flow_id": show_id(summary.on_end_flow_id),
        "reference_type": summary.reference_type,
        "reference_id": show_id(summary.reference_id),
        "status": "done",
        "language": summary.language,
        "content": summary.content,
        "tm_create": show_time(summary.created_at),
        "tm_update": None,
        "tm_delete": show_time(summary.deleted_at),
    }
