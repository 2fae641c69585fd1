"""The fields that Restcomm's and Twilio's dialects keep of a number, and what of them becomes its targets.

The targets say what runs, whatever face wrote them. A dialect shows more than they hold: a URL that is ignored because
an application is set, a method without a URL. So the fields are kept as they were written, and count as long as the
targets are still what they gave; where another face wrote a target since, that target is what is shown.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Literal
from uuid import UUID

from dialplane.domain.ids import NIL
from dialplane.domain.numbering.targets import (
    ApplicationTarget,
    DocumentTarget,
    MessageTarget,
    ReferTarget,
    Targets,
    VoiceTarget,
)
from dialplane.domain.values import dataclass

Method = Literal["GET", "POST"]
AnyTarget = VoiceTarget | MessageTarget | ReferTarget


@dataclass(frozen=True, slots=True)
class Fetch:
    """What is fetched when something of one kind arrives. An application goes before the URLs."""

    url: str = ""
    method: Method = "POST"
    fallback_url: str = ""
    fallback_method: Method = "POST"
    application_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NumberSettings:
    """All the fields. An empty URL is none."""

    voice: Fetch = field(default_factory=Fetch)
    message: Fetch = field(default_factory=Fetch)
    refer: Fetch = field(default_factory=Fetch)
    ussd: Fetch = field(default_factory=Fetch)
    status_url: str = ""
    status_method: Method = "POST"
    caller_id_lookup: bool = False
    api_version: str = ""
    """"" is the version of the dialect that is asked."""
    receive_mode: Literal["voice", "fax"] = "voice"
    capable: Mapping[str, bool] = field(default_factory=dict)
    """What the holder says that the number can or shall not do, by the capability's name."""


@dataclass(frozen=True, slots=True)
class FetchChange:
    """What a client writes of a Fetch; None leaves a field as it is, an empty URL and the nil UUID take it away."""

    url: str | None = None
    method: Method | None = None
    fallback_url: str | None = None
    fallback_method: Method | None = None
    application_id: UUID | None = None

    @property
    def names_a_target(self) -> bool:
        return self.url is not None or self.application_id is not None

    def apply(self, old: Fetch) -> Fetch:
        application_id = old.application_id if self.application_id is None else self.application_id
        return Fetch(
            old.url if self.url is None else self.url,
            self.method or old.method,
            old.fallback_url if self.fallback_url is None else self.fallback_url,
            self.fallback_method or old.fallback_method,
            None if application_id == NIL else application_id,
        )


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """What a client writes; None leaves a field as it is."""

    voice: FetchChange = field(default_factory=FetchChange)
    message: FetchChange = field(default_factory=FetchChange)
    refer: FetchChange = field(default_factory=FetchChange)
    ussd: FetchChange = field(default_factory=FetchChange)
    status_url: str | None = None
    status_method: Method | None = None
    caller_id_lookup: bool | None = None
    api_version: str | None = None
    receive_mode: Literal["voice", "fax"] | None = None
    capable: Mapping[str, bool] = field(default_factory=dict)


def apply(change: SettingsChange, settings: NumberSettings, targets: Targets) -> tuple[NumberSettings, Targets]:
    """Settings and targets after the change. A target that no parameter speaks of stays, whatever face wrote it."""
    old = seen(settings, targets)
    new = NumberSettings(
        voice=change.voice.apply(old.voice),
        message=change.message.apply(old.message),
        refer=change.refer.apply(old.refer),
        ussd=change.ussd.apply(old.ussd),
        status_url=old.status_url if change.status_url is None else change.status_url,
        status_method=change.status_method or old.status_method,
        caller_id_lookup=old.caller_id_lookup if change.caller_id_lookup is None else change.caller_id_lookup,
        api_version=old.api_version if change.api_version is None else change.api_version,
        receive_mode=change.receive_mode or old.receive_mode,
        capable={**old.capable, **change.capable},
    )
    voice, message, refer = targets.voice, targets.message, targets.refer
    if change.voice.names_a_target or voice == _voice(old):
        voice = _voice(new)
    if change.message.names_a_target or message == target_of(old.message):
        message = target_of(new.message)
    if change.refer.names_a_target or refer == target_of(old.refer):
        refer = target_of(new.refer)
    return new, Targets(voice, message, refer)


def seen(settings: NumberSettings, targets: Targets) -> NumberSettings:
    """The settings as they hold now: a target that was written elsewhere takes the place of what was kept."""
    if targets.voice != _voice(settings):
        settings = replace(settings, voice=_fetch(targets.voice, settings.voice))
        if isinstance(targets.voice, DocumentTarget):
            status = targets.voice
            settings = replace(settings, status_url=status.status_url, status_method=status.status_method)
    if targets.message != target_of(settings.message):
        settings = replace(settings, message=_fetch(targets.message, settings.message))
    if targets.refer != target_of(settings.refer):
        settings = replace(settings, refer=_fetch(targets.refer, settings.refer))
    return settings


def without_application(
    settings: NumberSettings, targets: Targets, application_id: UUID | None = None
) -> tuple[NumberSettings, Targets]:
    """Settings and targets once an application (None: every one) is taken off: the URLs beside it count again."""
    old = seen(settings, targets)

    def off(fetch: Fetch) -> FetchChange:
        named = fetch.application_id is not None and application_id in (None, fetch.application_id)
        return FetchChange(application_id=NIL) if named else FetchChange()

    change = SettingsChange(voice=off(old.voice), message=off(old.message), refer=off(old.refer), ussd=off(old.ussd))
    return apply(change, settings, targets)


def _voice(settings: NumberSettings) -> DocumentTarget | ApplicationTarget | None:
    target = target_of(settings.voice)
    if isinstance(target, DocumentTarget):
        return replace(target, status_url=settings.status_url, status_method=settings.status_method)
    return target


def target_of(fetch: Fetch) -> DocumentTarget | ApplicationTarget | None:
    """What the fields say is to be run; None where they name nothing."""
    if fetch.application_id is not None:
        return ApplicationTarget(fetch.application_id)
    if not fetch.url:
        return None
    return DocumentTarget(fetch.url, fetch.method, fetch.fallback_url, fetch.fallback_method)


def _fetch(target: AnyTarget, kept: Fetch) -> Fetch:
    """The fields of a target that was written elsewhere. A flow or a forward shows none but those, such as a method,
    that were written since and name no target."""
    match target:
        case DocumentTarget():
            return Fetch(target.url, target.method, target.fallback_url, target.fallback_method)
        case ApplicationTarget(application_id):
            return Fetch(application_id=application_id)
    return kept if target_of(kept) is None else Fetch()
