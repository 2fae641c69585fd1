"""Consent in the native JSON form."""

from dialplane.domain.messaging.consent import ConsentRecord, ConsentSettings, Wish
from dialplane.services.shapes.common import show_id, show_time


def consent_record_shape(record: ConsentRecord) -> dict[str, object]:
    return {
        "id": show_id(record.id),
        "customer_id": show_id(record.account_id),
        "peer": record.peer,
        "pool_id": show_id(record.pool_id),
        "wish": record.wish.value,
        "source": record.source,
        "self": record.own,
        "text": record.text,
        "message_id": show_id(record.message_id),
        "tm_create": show_time(record.created_at),
    }


def consent_settings_shape(settings: ConsentSettings) -> dict[str, object]:
    """The answers as they are given."""
    return {
        "enabled": settings.is_on,
        "stop_words": list(settings.words.stop),
        "start_words": list(settings.words.start),
        "help_words": list(settings.words.help),
        "stop_answer": settings.answer(Wish.STOP),
        "start_answer": settings.answer(Wish.START),
        "help_answer": settings.answer(Wish.HELP),
        "quiet_from": settings.quiet_from,
        "quiet_to": settings.quiet_to,
    }
