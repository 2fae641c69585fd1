"""Options of speech that only make sense together, checked when an action is written."""

from collections.abc import Mapping

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.options import OptionFault, is_template
from dialplane.domain.speech.ssml import check_ssml
from dialplane.domain.speech.voices import check_voice


def check_talk(option: Mapping[str, object]) -> None:
    """Refuse markup that cannot be spoken and a voice that does not exist, as far as they are literal.

    Raises OptionFault naming the option.
    """
    text = option.get("text")
    if isinstance(text, str) and not is_template(text):
        try:
            check_ssml(text)
        except Invalid as refusal:
            raise OptionFault("text", f"cannot be spoken: {refusal.message}") from refusal
    given = {name: option.get(name) or "" for name in ("language", "gender", "voice_id", "provider")}
    if is_template(given["provider"]):
        return
    literal = {name: "" if is_template(value) else str(value) for name, value in given.items()}
    try:
        check_voice(**{**literal, "language": literal["language"] or "en-US"})
    except Invalid as refusal:
        raise OptionFault(refusal.field, f"is no voice of ours: {refusal.message}") from refusal
