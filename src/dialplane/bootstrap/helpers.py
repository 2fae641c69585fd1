"""What stands outside the platform for runs: an assistant and a mail server, each with a stand-in of ours."""

from dialplane.adapters.assistants.chat import ChatAssistant
from dialplane.adapters.mail.smtp import SmtpMailer
from dialplane.adapters.secrets.sealing import Seal
from dialplane.config.settings import Settings
from dialplane.config.values import SettingError
from dialplane.domain.flows.warnings import Ability
from dialplane.services.messaging.emails import Post
from dialplane.services.messaging.media import MediaLinks
from dialplane.services.programs.assistants import Assistants, BuiltInAssistant


def assistants(settings: Settings) -> Assistants:
    if not settings.assistant_url:
        return BuiltInAssistant()
    return ChatAssistant(settings.assistant_url, key=settings.assistant_key, model=settings.assistant_model)


def post(settings: Settings) -> Post:
    """Raises SettingError where the mail server's address is none."""
    if not settings.smtp:
        return Post(recordings=settings.recordings)
    try:
        return Post(SmtpMailer.parse(settings.smtp, sender=settings.mail_from), settings.recordings)
    except ValueError as fault:
        raise SettingError(f"DIALPLANE_SMTP {fault}") from fault


def abilities(settings: Settings) -> frozenset[Ability]:
    """What flows are not warned of."""
    found = {
        Ability.ASSISTANT: settings.assistant_url,
        Ability.MAIL: settings.smtp,
        Ability.CLOUD_SPEECH: settings.gcp_key,
    }
    return frozenset(ability for ability, setting in found.items() if setting)


def media_links(seal: Seal) -> MediaLinks:
    """The same for every process of the installation."""
    return MediaLinks(seal.secret_for("addresses of media").encode())
