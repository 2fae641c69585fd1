"""Sms, Message and Email; and Fax and USSD, which say that this server cannot run them."""

from dialplane.domain.addresses import PHONE, Address
from dialplane.domain.messaging.messages import message_sid
from dialplane.domain.programs.commands import Failed, Medium, MessageQueued, SendEmail, SendMessage, SendWebhook
from dialplane.domain.rcml.context import Steps
from dialplane.domain.rcml.parameters import Form, voice_parameters
from dialplane.domain.rcml.verb import Verb
from dialplane.domain.rcml.verbs.nouns import CLIENT, number_address

TO, FROM, BODY, METHOD, FAILED = 14101, 14102, 14103, 14104, 14107
EMAIL_FAILED, EMAIL_PARTY = 14121, 14122
CANNOT_RUN = 14199
EMAIL_SUBJECT = "Restcomm Email Service"
MOST_MEDIA = 10
_BLAMED = {"source": FROM, "destinations": TO, "text": BODY}
"""What is noted of a message that was refused, by the part of it that was."""
LONGEST_BODY = 1600


def sms(verb: Verb) -> Steps:
    """The text is the body; Message may have Body and Media instead. Without one the document stops (14103)."""
    parts = list(verb.children(("Body", "Media")))
    text = "".join(part.text for part in parts if part.name == "Body") or verb.text
    medias = tuple(verb.context.absolute(part.text) for part in parts if part.name == "Media" and part.text)
    if not text and not medias:
        verb.context.note(BODY, f"<{verb.name}>: there is nothing to send")
        return verb.context.hang_up(f"{verb.name} without a body")
    command = _command(verb, text, medias)
    if command is None:
        return None
    result = yield command
    if isinstance(result, Failed):
        verb.context.note(_BLAMED.get(result.field.partition("[")[0], FAILED), f"<{verb.name}>: {result.reason}")
    failed_word = "invalid" if verb.context.is_twilio and len(text) > LONGEST_BODY else "failed"
    fields: Form = (("SmsStatus", failed_word if isinstance(result, Failed) else "sent"),)
    if isinstance(result, MessageQueued):
        sid = message_sid(result.message_id, medias, verb.context.subject.api_version)
        fields = (("SmsSid", sid), ("MessageSid", sid), *fields, ("MessageStatus", "sent"))
    return verb.action(fields, default_is_document=False, code=METHOD)


def _command(verb: Verb, text: str, medias: tuple[str, ...]) -> SendMessage | None:
    """In a call it goes from the called number to the caller; in a message it is the reply to its sender."""
    subject = verb.context.subject
    inbound = subject.direction == "inbound"
    ours, theirs = (subject.destination, subject.source) if inbound else (subject.source, subject.destination)
    to = verb.option("to") or theirs
    if not to:
        verb.context.note(TO, f"<{verb.name}>: nobody to send to")
        return None
    is_reply = verb.context.medium is Medium.MESSAGE and not verb.option("from")
    to_phone = subject.is_phone and to == theirs
    return SendMessage(
        None if is_reply else _address(verb.option("from") or ours),
        (Address(PHONE, to.removeprefix(CLIENT)) if to_phone else _address(to),),
        text,
        media_urls=medias[:MOST_MEDIA],
        headers=verb.context.headers,
        status=verb.status(events=()),
    )


def _address(text: str) -> Address:
    if text.startswith(CLIENT):
        return Address(PHONE, text.removeprefix(CLIENT))
    return Address("sip", text.removeprefix("sip:")) if "@" in text else number_address(text)


def email(verb: Verb) -> Steps:
    parties = [verb.option(name) for name in ("to", "cc", "bcc")]
    addresses = [part.strip() for text in parties for part in text.split(",") if part.strip()]
    if not verb.option("to") or not verb.option("from"):
        verb.context.note(EMAIL_PARTY, "<Email>: from and to are needed")
        return None
    result = yield SendEmail(
        tuple(Address("email", each) for each in addresses),
        subject=verb.option("subject", EMAIL_SUBJECT),
        content=verb.text,
        sender=verb.option("from"),
    )
    if isinstance(result, Failed):
        verb.context.note(EMAIL_FAILED, f"<Email>: {result.reason}")
    return None


def fax(verb: Verb) -> Steps:
    """There is no fax machine behind this server: said, and told to both addresses as any fax that failed."""
    verb.context.note(CANNOT_RUN, "<Fax> cannot be run by this server")
    failed: Form = (("FaxStatus", "failed"),)
    told = verb.status(events=())
    if told is not None:
        about = voice_parameters(verb.context.subject, verb.context.status, verb.context.now)
        yield SendWebhook(told.url, told.method, form=about + failed, signed=True)
    return verb.action(failed, default_is_document=False, code=METHOD)


def cannot_run(verb: Verb) -> Steps:
    """Said and skipped, never passed over in silence."""
    verb.context.note(CANNOT_RUN, f"<{verb.name}> cannot be run by this server")
    return None
    yield  # a step like the others, that asks for nothing
