"""A mail server by SMTP (RFC 5321), with STARTTLS or TLS and a login where the address says so."""

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.messaging.emails import Email

TIMEOUT_S = 15.0
MAX_FILE = 20 << 20
"""Octets of one attachment; larger ones are left out, and the text says so."""


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Fulfils `services.messaging.emails.Mailer`."""

    host: str
    port: int
    sender: str
    is_tls: bool = False
    starts_tls: bool = False
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str, *, sender: str) -> "SmtpMailer":
        """`smtp://host:25`, `smtp+starttls://user:password@host:587` or `smtps://user:password@host`."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtp+starttls", "smtps") or not parts.hostname:
            raise ValueError("must be smtp://, smtp+starttls:// or smtps:// with a host")
        return cls(
            parts.hostname,
            parts.port or {"smtp": 25, "smtp+starttls": 587, "smtps": 465}[parts.scheme],
            sender,
            is_tls=parts.scheme == "smtps",
            starts_tls=parts.scheme == "smtp+starttls",
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    async def send(self, email: Email, files: Sequence[tuple[str, Path]]) -> None:
        try:
            await asyncio.to_thread(self._send, email, files)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refusal:
            raise Invalid(f"The mail server refuses it: {refusal}") from refusal
        except (OSError, smtplib.SMTPException) as fault:
            raise Unavailable(f"The mail server does not take it: {fault}") from fault

    def _send(self, email: Email, files: Sequence[tuple[str, Path]]) -> None:
        message = compose(email, files, sender=self.sender)
        context = ssl.create_default_context() if self.is_tls or self.starts_tls else None
        server: smtplib.SMTP
        if self.is_tls:
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
        with server:
            if self.starts_tls:
                server.starttls(context=context)
            if self.username:
                server.login(self.username, self.password)
            server.send_message(message)


def compose(email: Email, files: Sequence[tuple[str, Path]], *, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = email.sender or sender
    message["To"] = ", ".join(party.target for party in email.destinations)
    message["Subject"] = email.subject
    message["Date"] = format_datetime(email.created_at)
    message["Message-ID"] = make_msgid(idstring=email.id.hex)
    readable = [(name, path) for name, path in files if path.is_file() and path.stat().st_size <= MAX_FILE]
    missing = [name for name, path in files if (name, path) not in readable]
    note = f"\n\n(not attached: {', '.join(missing)})" if missing else ""
    message.set_content(email.content + note)
    for name, path in readable:
        message.add_attachment(path.read_bytes(), maintype="audio", subtype=path.suffix[1:] or "wav", filename=name)
    return message
