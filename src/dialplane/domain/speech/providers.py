"""Who speaks and who listens: what comes with the platform, or a cloud that the operator has configured."""

from typing import Literal, get_args

SpeechProvider = Literal["", "embedded", "gcp", "aws"]
"""As a `provider` names it; "" leaves the choice to the operator's setting."""

PROVIDERS: tuple[SpeechProvider, ...] = get_args(SpeechProvider)
CLOUD_PROVIDERS = frozenset({"gcp", "aws"})

HEARD_OFFLINE = ("en",)
"""Languages that the recognizer that comes with the platform understands."""


def is_heard_offline(language: str) -> bool:
    """Whether the recognizer that comes with the platform understands the language of this tag."""
    return language.lower().replace("_", "-").partition("-")[0] in HEARD_OFFLINE
