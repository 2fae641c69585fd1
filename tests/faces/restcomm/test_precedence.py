"""What runs where several fields of a number could: "if a VoiceApplicationSid is present, Restcomm will ignore all of
the voice urls above and use those set on the application" (the seed). Told by *route explain*."""

from typing import Any

import pytest

from dialplane.domain.tenancy.accounts import Account
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, stock
from tests.faces.restcomm.conftest import FormClient

NUMBER = "+15105555555"
OWN = {
    "VoiceUrl": "https://own.example/voice",
    "VoiceMethod": "GET",
    "VoiceFallbackUrl": "https://own.example/fallback",
    "VoiceFallbackMethod": "GET",
    "StatusCallback": "https://own.example/status",
    "StatusCallbackMethod": "GET",
    "SmsUrl": "https://own.example/sms",
    "SmsMethod": "GET",
    "SmsFallbackUrl": "https://own.example/sms-fallback",
}


def document(url: str, method: str = "POST", **rest: str) -> dict[str, str]:
    """A document as *route explain* shows it."""
    nothing = {"fallback_url": "", "fallback_method": "POST", "status_url": "", "status_method": "POST"}
    return {"type": "document", "url": url, "method": method, **nothing, **rest}


OWN_VOICE = document(
    "https://own.example/voice", "GET", fallback_url="https://own.example/fallback", fallback_method="GET",
    status_url="https://own.example/status", status_method="GET",
)  # fmt: skip
OWN_SMS = document("https://own.example/sms", "GET", fallback_url="https://own.example/sms-fallback")


class Explained:
    """One number, and what calls and messages to it run."""

    def __init__(self, restcomm: FormClient, twilio: FormClient, native: Client, path: str) -> None:
        self.restcomm = restcomm
        self.twilio = twilio
        self._native = native
        self._path = path

    async def write(self, **form: str) -> None:
        assert (await self.restcomm.ask("POST", self._path, form)).status == 200

    async def application(self, client: FormClient, **form: str) -> str:
        made = await client.ask("POST", "Applications.json", {"FriendlyName": "menu", **form})
        sid: str = made.json["sid"]
        return sid

    async def of(self, kind: str) -> tuple[Any, Any]:
        """The target, and what it comes to where it is an application."""
        told = await self._native.ask(
            "POST", "/v1.0/route_explain", {"kind": kind, "to": NUMBER, "from": "+12025550100"}
        )
        target = told.json["target"]
        return ("application" if target and target["type"] == "application" else target), told.json["document"]


@pytest.fixture
async def explained(
    restcomm: FormClient, twilio: FormClient, client: Client, database: Database, account: Account
) -> Explained:
    await stock(database, NUMBER)
    bought = await restcomm.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": NUMBER, **OWN})
    return Explained(restcomm, twilio, client, f"IncomingPhoneNumbers/{bought.json['sid']}.json")


async def test_urls_of_the_number_run_while_it_has_no_application(explained: Explained) -> None:
    assert (await explained.of("call"), await explained.of("message")) == ((OWN_VOICE, None), (OWN_SMS, None))


async def test_one_address_of_an_application_runs_with_the_numbers_methods_and_no_fallback(
    explained: Explained,
) -> None:
    sid = await explained.application(explained.restcomm, RcmlUrl="https://app.example/all")

    await explained.write(VoiceApplicationSid=sid)
    await explained.write(SmsApplicationSid=sid)

    status = {"status_url": "https://own.example/status", "status_method": "GET"}
    assert await explained.of("call") == ("application", document("https://app.example/all", "GET", **status))
    assert await explained.of("message") == ("application", document("https://app.example/all", "GET"))


async def test_everything_of_twilios_application_goes_before_what_the_number_has(explained: Explained) -> None:
    sid = await explained.application(
        explained.twilio,
        VoiceUrl="https://app.example/voice", VoiceFallbackUrl="https://app.example/fallback",
        StatusCallback="https://app.example/status", SmsUrl="https://app.example/sms",
    )  # fmt: skip

    await explained.write(VoiceApplicationSid=sid, SmsApplicationSid=sid)

    assert (await explained.of("call"))[1] == document(
        "https://app.example/voice",
        fallback_url="https://app.example/fallback",
        status_url="https://app.example/status",
    )
    assert (await explained.of("message"))[1] == document("https://app.example/sms")


async def test_application_without_an_address_for_it_runs_nothing(explained: Explained) -> None:
    """The number's own URLs are ignored all the same."""
    sid = await explained.application(explained.restcomm, RcmlUrl="https://app.example/sms", Kind="sms")

    await explained.write(VoiceApplicationSid=sid, SmsApplicationSid=sid)

    assert await explained.of("call") == ("application", None)
    assert (await explained.of("message"))[1] == document("https://app.example/sms", "GET")


async def test_new_address_of_an_application_counts_at_once_and_its_end_brings_the_urls_back(
    explained: Explained,
) -> None:
    sid = await explained.application(explained.restcomm, RcmlUrl="https://app.example/a")
    await explained.write(VoiceApplicationSid=sid)

    await explained.restcomm.ask("PUT", f"Applications/{sid}.json", {"RcmlUrl": "https://app.example/b"})
    changed = (await explained.of("call"))[1]["url"]
    await explained.write(VoiceUrl="https://own.example/later")
    still = (await explained.of("call"))[1]["url"]
    await explained.restcomm.ask("DELETE", f"Applications/{sid}.json")

    assert (changed, still) == ("https://app.example/b", "https://app.example/b")
    assert await explained.of("call") == (OWN_VOICE | {"url": "https://own.example/later"}, None)


async def test_number_without_url_or_application_has_no_target(explained: Explained) -> None:
    await explained.write(VoiceUrl="", SmsUrl="")

    assert (await explained.of("call"), await explained.of("message")) == ((None, None), (None, None))
