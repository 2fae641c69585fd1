"""Options of speech that only make sense together, checked when an action is written."""

from collections.abc import Mapping

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.options import OptionFault, is_template
from dialplane.domain.speech.providers import CLOUD_PROVIDERS
from dialplane.domain.speech.voices import choose_voice


def check_talk(option: Mapping[str, object]) -> None:
    """Refuse a voice that does not exist, as far as it is literal. Raises OptionFault naming the option.

    What a cloud speaks is not known here: its voices are judged in the run.
    """
    given = {name: option.get(name) or "" for name in ("language", "gender", "voice_id", "provider")}
    if given["provider"] in CLOUD_PROVIDERS or is_template(given["provider"]):
        return
    literal = {name: "" if is_template(value) else str(value) for name, value in given.items()}
    try:
        choose_voice(language=literal["language"] or "en-US", gender=literal["gender"], voice_id=literal["voice_id"])
    except Invalid as refusal:
        raise OptionFault(refusal.field, f"is no voice of ours: {refusal.message}") from refusal
