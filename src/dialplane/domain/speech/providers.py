"""Who speaks and who listens: what comes with the platform, or a cloud that the operator has configured."""

from typing import Literal, get_args

SpeechProvider = Literal["", "embedded", "gcp", "aws"]
"""As a `provider` names it; "" leaves the choice to the operator's setting."""

PROVIDERS: tuple[SpeechProvider, ...] = get_args(SpeechProvider)
CLOUD_PROVIDERS = frozenset({"gcp", "aws"})
