"""The parameters of a number (reference 2.3), read for creates and updates alike. All of it raises Invalid."""

import re
from typing import Literal
from uuid import UUID

from dialplane.domain.ids import NIL
from dialplane.domain.numbering.number_settings import FetchChange, SettingsChange
from dialplane.faces.restcomm.credentials import read_sid
from dialplane.faces.restcomm.dialects import Dialect
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.number_shapes import CAPABILITIES

LONGEST_NAME = 64

_ADDRESSES = ("VoiceUrl", "VoiceApplicationSid", "SmsUrl", "SmsApplicationSid")
_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_NOT_HERE = ("TrunkSid", "AddressSid", "IdentitySid", "BundleSid", "EmergencyAddressSid")
"""Twilio's parameters for resources that do not exist here: naming one is refused, clearing it changes nothing."""


def read_name(parameters: Parameters) -> str | None:
    """FriendlyName; "" brings the default back."""
    return parameters.find("FriendlyName", longest=LONGEST_NAME)


def read_settings(parameters: Parameters, dialect: Dialect) -> SettingsChange:
    """What a client writes. Who writes an address in Twilio's dialect gets its documents run in it, unless the client
    names a version; Restcomm's is what a number without one has."""
    _refuse_unknown_resources(parameters)
    version = _version(parameters)
    if version is None and dialect.is_twilio and any(name in parameters for name in _ADDRESSES):
        version = dialect.api_version
    flags = {name: parameters.flag(f"{name.capitalize()}Capable") for name in CAPABILITIES}
    return SettingsChange(
        voice=read_fetch(parameters, "Voice"),
        message=read_fetch(parameters, "Sms"),
        refer=read_fetch(parameters, "Refer"),
        ussd=read_fetch(parameters, "Ussd"),
        status_url=parameters.url("StatusCallback"),
        status_method=parameters.method("StatusCallbackMethod"),
        caller_id_lookup=parameters.flag("VoiceCallerIdLookup"),
        api_version=version,
        receive_mode=_receive_mode(parameters),
        capable={name: flag for name, flag in flags.items() if flag is not None},
    )


def read_fetch(parameters: Parameters, kind: str) -> FetchChange:
    return FetchChange(
        url=parameters.url(f"{kind}Url"),
        method=parameters.method(f"{kind}Method"),
        fallback_url=parameters.url(f"{kind}FallbackUrl"),
        fallback_method=parameters.method(f"{kind}FallbackMethod"),
        application_id=_application(parameters, f"{kind}ApplicationSid"),
    )


def _application(parameters: Parameters, name: str) -> UUID | None:
    """The application's id; nil for the empty value, which takes it off."""
    sid = parameters.find(name)
    if sid is None:
        return None
    if not sid:
        return NIL
    application_id = read_sid("AP", sid)
    if application_id is None or application_id == NIL:
        raise invalid(name, "is no sid of an application", reason="APPLICATION_NOT_FOUND")
    return application_id


def _version(parameters: Parameters) -> str | None:
    version = parameters.find("ApiVersion")
    if version and not _VERSION.fullmatch(version):
        raise invalid("ApiVersion", "is a version such as 2012-04-24")
    return version


def _receive_mode(parameters: Parameters) -> Literal["voice", "fax"] | None:
    match parameters.text("VoiceReceiveMode"):
        case "":
            return None
        case "voice":
            return "voice"
        case "fax":
            return "fax"
    raise invalid("VoiceReceiveMode", "is voice or fax")


def _refuse_unknown_resources(parameters: Parameters) -> None:
    for name in _NOT_HERE:
        if parameters.text(name):
            raise invalid(name, "names a resource that does not exist")
    if parameters.text("EmergencyStatus") not in ("", "Inactive"):
        raise invalid("EmergencyStatus", "is Inactive: emergency calls cannot be registered for numbers here")
