"""What of a flow cannot do all that it says on this installation: told when the flow is written, and in its runs."""

from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum

from dialplane.domain.flows.action import Action
from dialplane.domain.flows.catalogue import CATALOGUE
from dialplane.domain.flows.options import Actions, is_template
from dialplane.domain.programs.media_streams import usual_format, why_not_carried
from dialplane.domain.speech.providers import HEARD_OFFLINE, is_heard_offline
from dialplane.domain.speech.voices import is_voice


class Ability(StrEnum):
    """Something outside the platform that an operator sets up."""

    ASSISTANT = "assistant"
    MAIL = "mail"
    CLOUD_SPEECH = "cloud_speech"


STAND_INS: dict[Ability, str] = {
    Ability.ASSISTANT: "no assistant is set up (DIALPLANE_ASSISTANT_URL): the built-in one answers by simple rules",
    Ability.MAIL: "no mail server is set up (DIALPLANE_SMTP): the e-mail stays in the outbox, at GET /v1.0/emails",
    Ability.CLOUD_SPEECH: "no cloud for speech is set up (DIALPLANE_GCP_KEY), and only one has this: it will fail",
}
"""What happens instead, in words for the flow's author."""

NOT_HEARD = (
    f"recognition without a cloud understands {', '.join(HEARD_OFFLINE)} and no other language, and no cloud is set up"
    " (DIALPLANE_GCP_KEY): it will fail"
)

_NEEDS: dict[str, Ability] = {
    "ai_summary": Ability.ASSISTANT,
    "ai_talk": Ability.ASSISTANT,
    "ai_task": Ability.ASSISTANT,
    "email_send": Ability.MAIL,
}


_HEARING = frozenset({"transcribe_start", "transcribe_recording"})


def _needed_for_speech(kind: str, option: object) -> Ability | None:
    """A language that only a cloud understands, or a voice that only a cloud has; templates are not known yet."""
    language = option.get("language") if isinstance(option, dict) else None
    voice = option.get("voice_id") if isinstance(option, dict) else None
    if kind in _HEARING and isinstance(language, str) and language and not is_template(language):
        return None if is_heard_offline(language) else Ability.CLOUD_SPEECH
    if kind == "talk" and isinstance(voice, str) and voice and not is_template(voice):
        return None if is_voice(voice) else Ability.CLOUD_SPEECH
    return None


def _uncarried(option: object) -> str:
    """What of an external media this server does not do, as far as it is literal; "" for nothing."""
    if not isinstance(option, dict):
        return ""
    given = {name: str(option.get(name) or "") for name in ("encapsulation", "transport", "format", "transport_data")}
    if any(is_template(text) for text in given.values()):
        return ""
    encapsulation = given["encapsulation"] or "rtp"
    audio_format = given["format"] or usual_format(encapsulation)
    return why_not_carried(encapsulation, given["transport"] or "udp", audio_format, given["transport_data"])


def find_warnings(actions: Sequence[Action], able: Collection[Ability]) -> list[str]:
    """One line for each action that has only a stand-in here, those of nested lists included."""
    return list(_warnings([action.document() for action in actions], able, "action "))


def _warnings(actions: Sequence[object], able: Collection[Ability], prefix: str) -> Iterator[str]:
    for index, action in enumerate(actions):
        if not isinstance(action, dict) or action.get("type") not in CATALOGUE:
            continue
        kind, option = str(action["type"]), action.get("option")
        needed = _NEEDS.get(kind) or _needed_for_speech(kind, option)
        if needed is not None and needed not in able:
            yield f"{prefix}{index} ({kind}): {NOT_HEARD if kind in _HEARING else STAND_INS[needed]}"
        if kind == "external_media_start" and (fault := _uncarried(option)):
            yield f"{prefix}{index} ({kind}): {fault}: it will fail"
        for name, known in CATALOGUE[kind].options.items():
            nested = option.get(name) if isinstance(option, dict) else None
            if isinstance(known.kind, Actions) and isinstance(nested, list):
                yield from _warnings(nested, able, f"{prefix}{index}.{name}.")
