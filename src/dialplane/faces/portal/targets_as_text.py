"""What a number does when somebody calls or writes, in a few words for lists."""

from typing import assert_never

from dialplane.domain.numbering.targets import (
    ApplicationTarget,
    DocumentTarget,
    FlowTarget,
    ForwardTarget,
    HookTarget,
    MessageTarget,
    VoiceTarget,
)
from dialplane.faces.portal.numbers_as_text import show_number


def voice_words(target: VoiceTarget) -> str:
    match target:
        case None:
            return "nothing yet"
        case FlowTarget():
            return "runs a flow"
        case ApplicationTarget():
            return "uses an application"
        case DocumentTarget(url, method):
            return f"{method} {url}"
        case ForwardTarget(users=(first, *others)):
            return f"rings {first}" + (f" and {len(others)} more" if others else "")
        case ForwardTarget(pstn=pstn) if pstn:
            return f"forwards to {show_number(pstn)}"
        case ForwardTarget(sip=sip):
            return f"forwards to sip:{sip}"
        case _:
            assert_never(target)


def message_words(target: MessageTarget) -> str:
    match target:
        case None:
            return "nothing yet"
        case FlowTarget():
            return "runs a flow"
        case ApplicationTarget():
            return "uses an application"
        case DocumentTarget(url, method) | HookTarget(url, method):
            return f"{method} {url}"
        case _:
            assert_never(target)


def fact_words(value: object) -> str:
    """A field's value as the history keeps it: a target, a list, a switch or a text."""
    if value in (None, "", [], {}):
        return "nothing"
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
        case {"type": str() as kind, **facts}:
            return " ".join([kind, *(fact_words(each) for each in facts.values() if each)])
        case dict():
            return ", ".join(f"{key} = {each}" for key, each in value.items())
        case _:
            return str(value)
