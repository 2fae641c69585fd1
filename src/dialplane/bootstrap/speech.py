"""Who speaks and who listens, as settings say."""

from dialplane.adapters.speech.google import GoogleAccess, GoogleApi, GoogleRecognizer, GoogleVoice
from dialplane.adapters.speech.prompts import Clouds
from dialplane.adapters.speech.recognizer import SpeechRecognizer
from dialplane.config.settings import Settings


def google(settings: Settings) -> GoogleApi | None:
    """None where the operator has no key. Connects to nothing before somebody speaks."""
    if not settings.gcp_key:
        return None
    return GoogleApi(GoogleAccess(settings.gcp_key, settings.gcp_tts_url, settings.gcp_stt_url))


def clouds(settings: Settings, api: GoogleApi | None) -> Clouds:
    return Clouds(
        voices={} if api is None else {"gcp": GoogleVoice(api)},
        default=settings.speech_provider,
        falls_back=settings.speech_fallback,
    )


def recognizer(settings: Settings, api: GoogleApi | None = None) -> SpeechRecognizer:
    """Nothing is started before somebody speaks."""
    return SpeechRecognizer(
        {} if api is None else {"gcp": GoogleRecognizer(api)},
        default=settings.speech_provider,
        falls_back=settings.speech_fallback,
    )
