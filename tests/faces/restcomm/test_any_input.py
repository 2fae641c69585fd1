"""IN-1: whatever stands in a body, a query or a path, the answer is a refusal of the dialect and never a fault."""

import random

from tests.faces.restcomm.conftest import FormClient

PARAMETERS = (
    "PhoneNumber", "AreaCode", "FriendlyName", "ApiVersion", "VoiceUrl", "VoiceMethod", "StatusCallback", "SmsUrl",
    "VoiceApplicationSid", "ReferApplicationSid", "isSIP", "AccountSid", "VoiceCapable", "Page", "PageSize", "AfterSid",
    "PageToken", "SortBy", "Reverse", "Beta", "Contains", "NearLatLong", "NearNumber", "Distance", "InRegion",
    "InPostalCode", "RangeSize", "RangeIndex", "SmsEnabled", "Origin", "Kind", "RcmlUrl", "EmailAddress", "Password",
    "Status", "Role", "OrganizationSid", "DomainName", "Organization", "Category", "StartDate", "EndDate",
    "includeNumbers", "IncludeSubaccounts", "To", "From", "Url", "Twiml", "ApplicationSid", "StatusCallbackEvent",
    "Timeout", "Record", "RecordingChannels", "MachineDetection", "SendDigits", "StartTime", "EndTime", "StartTime%3E",
    "ParentCallSid", "ConferenceSid", "SubAccounts", "CallSid", "TranscriptionText", "Login", "Mute", "Trim",
)  # fmt: skip
VALUES = (
    "", "%00", "%FF", "%ED%A0%80", "+", "-1", "1e9", "9" * 400, "true", "*" * 16, "[", "(((", "a{1000}", "PN1",
    "AP" + "_" * 32,
    "%F0%9F%93%9E", "nan,nan", "1,2,3", "%0d%0aX:1", "'%20or%201=1--", "٣", "²", "http://", "http://[", "mms:", "../..",
)  # fmt: skip
PATHS = (
    "IncomingPhoneNumbers",
    "IncomingPhoneNumbers/Local",
    "AvailablePhoneNumbers/US/Local",
    "AvailablePhoneNumbers/²²/Local",
    "IncomingPhoneNumbers/PN%00",
    "IncomingPhoneNumbers/migrate",
    "Applications",
    "Applications/AP1",
    "Usage/Records",
    "Usage/Records/Daily",
    "../../Accounts",
    "../../Organizations",
    "../../Accounts/migrate/AC1",
    "Calls",
    "Calls/CA1",
    "Calls/CA%00/Recordings",
    "Calls/CA" + "0" * 32,
    "Recordings",
    "Recordings/RE%00.wav",
    "Transcriptions",
    "OutgoingCallerIds",
    "OutgoingCallerIds/PN1",
    "Clients",
    "Clients/CL1",
)


async def test_no_parameter_makes_the_server_fail(restcomm: FormClient, twilio: FormClient) -> None:
    draw = random.Random(7)
    for _ in range(200):
        client = draw.choice((restcomm, twilio))
        pairs = "&".join(f"{draw.choice(PARAMETERS)}={draw.choice(VALUES)}" for _ in range(3))
        path = draw.choice(PATHS) + draw.choice(("", ".json"))

        read = await client.ask("GET", f"{path}?{pairs}")
        written = await client.ask("POST", path, pairs)

        assert read.status in (200, 400, 401, 404, 405), (path, pairs, read.raw)
        assert written.status in (200, 201, 400, 404, 405, 406), (path, pairs, written.raw)
