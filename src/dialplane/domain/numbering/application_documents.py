"""What a number that points at an application runs (the seed: "ignore all of the voice urls above and use those set on
the application"; Restcomm reference 4.3)."""

from dialplane.domain.numbering.applications import NO_SCRIPT, Application, ApplicationKind
from dialplane.domain.numbering.number_settings import Fetch, NumberSettings
from dialplane.domain.numbering.targets import DocumentTarget


def call_document(application: Application, settings: NumberSettings) -> DocumentTarget | None:
    """For a call; None where the application has no address for calls.

    Its status callback goes before the number's, which still counts where the application has none: Restcomm's
    applications cannot have one.
    """
    document = _document(application, ApplicationKind.VOICE, settings.voice)
    if document is None:
        return None
    status_url, status_method = settings.status_url, settings.status_method
    if application.status_url:
        status_url, status_method = application.status_url, application.status_method
    return DocumentTarget(
        document.url, document.method, document.fallback_url, document.fallback_method, status_url, status_method
    )


def message_document(application: Application, settings: NumberSettings) -> DocumentTarget | None:
    """For a message; None where the application has no address for messages."""
    return _document(application, ApplicationKind.SMS, settings.message)


def _document(application: Application, kind: ApplicationKind, own: Fetch) -> DocumentTarget | None:
    script = application.script(kind)
    if not script.url:
        return None
    written = application.sms if kind is ApplicationKind.SMS else application.voice
    # Restcomm's applications have one address and nothing to say how it is asked for: the number says it.
    method = own.method if written == NO_SCRIPT else script.method
    return DocumentTarget(script.url, method, script.fallback_url, script.fallback_method)
