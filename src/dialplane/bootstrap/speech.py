"""The recognizer that settings ask for."""

from dialplane.adapters.speech.recognizer import SpeechRecognizer
from dialplane.config import Settings


def recognizer(settings: Settings) -> SpeechRecognizer:
    """Nothing is started before somebody speaks."""
    return SpeechRecognizer()
