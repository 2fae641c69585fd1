"""A voice in the native JSON form."""

from dialplane.domain.speech.voices import Voice


def voice_shape(voice: Voice) -> dict[str, object]:
    return {
        "id": voice.id,
        "language": voice.language,
        "name": voice.name,
        "accent": voice.accent,
        "gender": voice.gender,
        "provider": "embedded",
    }
