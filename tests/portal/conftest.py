"""The portal on a real socket, with a browser of our own that keeps cookies and sends the forms that pages show."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import pytest
from litestar import Litestar

from dialplane.adapters.dns.names import DnsNames
from dialplane.adapters.payments.play_money import PlayMoney
from dialplane.adapters.secrets.passkeys import PortalWebAuthn
from dialplane.adapters.sip.probe import SipProber
from dialplane.domain.ids import AccountId
from dialplane.domain.money import usd
from dialplane.domain.tenancy.accounts import Plan
from dialplane.faces.app import create_app
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.portal_ports import PortalPorts
from dialplane.faces.rate_limits import Rate, RateLimits
from dialplane.services.tenancy.projects import ProjectTerms
from dialplane.services.transaction import Database
from tests.faces.conftest import dependencies, serving

COOKIE = "__Host-dialplane"
PASSWORD = "staple battery horse"
BASE = "https://portal.example"
NO_LIMITS = RateLimits(Rate(1e6, 10**6), Rate(1e6, 10**6), Rate(1e6, 10**6), Rate(1e6, 10**6), Rate(1e6, 10**6))

_TAG = re.compile(r"<(form|input|select|option|button|textarea)\b([^>]*)>(?:([^<]*)</textarea>)?")
_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')


Sending = Mapping[str, str] | Sequence[tuple[str, str]] | aiohttp.FormData


@dataclass(frozen=True)
class Shown:
    """A page as it came."""

    status: int
    headers: Mapping[str, str]
    text: str
    path: str

    @property
    def words(self) -> str:
        """What people read of it."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.text)).split())

    def forms(self) -> list[dict[str, str]]:
        """Each form's fields as they stand; `_action` and `_method` are the form's own."""
        found: list[dict[str, str]] = []
        select = ""
        for tag, attributes, content in _TAG.findall(self.text):
            given = {name: unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
            if tag == "form":
                found.append({"_action": given.get("action", self.path), "_method": given.get("method", "get")})
            elif not found:
                continue
            elif tag == "select":
                select = given.get("name", "")
            elif tag == "option":
                if select and ("selected" in given or select not in found[-1]):
                    found[-1][select] = given.get("value", "")
            elif "name" in given and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
                found[-1][given["name"]] = given.get("value", unescape(content))
        return found

    def form(self, action: str) -> dict[str, str]:
        """The fields of the form that is posted to a path with this end."""
        posted = (each for each in self.forms() if each["_method"] == "post")
        return next(each for each in posted if each["_action"].endswith(action))

    def links(self) -> list[str]:
        return [unescape(link) for link in re.findall(r'<a\b[^>]*href="([^"]+)"', self.text)]


@dataclass
class Surfer:
    """A browser without JavaScript."""

    base: str
    session: aiohttp.ClientSession
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, *, follow: bool = True) -> Shown:
        return await self._ask("GET", path, None, follow=follow)

    async def post(
        self, path: str, fields: Mapping[str, str] | Sequence[tuple[str, str]], *, follow: bool = True
    ) -> Shown:
        """With pairs a name may come more than once."""
        return await self._ask("POST", path, fields, follow=follow)

    async def send(self, shown: Shown, action: str, **fields: str) -> Shown:
        """Fill the page's form in and send it."""
        form = {**shown.form(action), **fields}
        return await self.post(form["_action"], {name: each for name, each in form.items() if name[0] != "_"})

    async def upload(self, shown: Shown, action: str, file_name: str, content: bytes, **fields: str) -> Shown:
        """Fill a form in that takes a file, and send it."""
        form = {**shown.form(action), **fields}
        data = aiohttp.FormData({key: each for key, each in form.items() if key[0] != "_" and key != "file"})
        data.add_field("file", BytesIO(content), filename=file_name)
        return await self._ask("POST", form["_action"], data, follow=True)

    async def _ask(self, method: str, path: str, data: Sending | None, *, follow: bool) -> Shown:
        for _ in range(5):
            headers = {**self.headers, **({"Cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {})}
            async with self.session.request(
                method, self.base + path, data=data, headers=headers, allow_redirects=False
            ) as answer:
                for line in answer.headers.getall("set-cookie", []):
                    self.cookie = line.partition(";")[0].partition("=")[2]
                shown = Shown(answer.status, answer.headers, await answer.text(errors="replace"), path)
            if answer.status != 303 or not follow:
                return shown
            method, data, path = "GET", None, answer.headers["location"]
        raise AssertionError("the pages lead in a circle")


def portal_ports(base: str = BASE) -> PortalPorts:
    return PortalPorts(
        base=base,
        secret=b"secret of the tests",
        webauthn=PortalWebAuthn.at(base),
        prober=SipProber(DnsNames()),
        payments=PlayMoney(),
        terms=ProjectTerms(plan=Plan.PROFESSIONAL, verified=True, credit=usd(10), destinations=("us",)),
        is_sandbox=True,
        shortest_form_s=0.0,
    )


_APPLICATIONS: list[tuple[Dependencies, Litestar]] = []


def application(ports: Dependencies) -> Litestar:
    """This worker's one application, which looks at `ports` from now on (as in tests/faces)."""
    if not _APPLICATIONS:
        _APPLICATIONS.append((ports, create_app(ports)))
    standing, app = _APPLICATIONS[0]
    for name in Dependencies.__slots__:
        object.__setattr__(standing, name, getattr(ports, name))
    return app


@pytest.fixture
def ports(database: Database, tmp_path: Path) -> Dependencies:
    made = dependencies(database, tmp_path, rate_limits=NO_LIMITS)
    object.__setattr__(made, "portal", portal_ports())
    return made


@pytest.fixture
async def stranger(ports: Dependencies) -> AsyncIterator[Surfer]:
    """Somebody who was never here."""
    async with serving(ports, application(ports)) as base, aiohttp.ClientSession() as session:
        yield Surfer(base, session)


@pytest.fixture
async def surfer(stranger: Surfer) -> Surfer:
    """Ann, signed up and signed in."""
    await join(stranger, "ann@example.com")
    return stranger


@pytest.fixture
async def at(surfer: Surfer) -> str:
    """The path of Ann's project."""
    shown = await surfer.send(await surfer.get("/portal/projects/new"), "/new", name="Acme")
    return shown.path


def account_of(at: str) -> AccountId:
    """The account behind a project's path."""
    return AccountId(UUID(at.rpartition("/")[2]))


def another(surfer: Surfer) -> Surfer:
    """Another browser."""
    return Surfer(surfer.base, surfer.session)


async def join(surfer: Surfer, email: str, *, name: str = "Ann") -> Shown:
    """Sign up, activate by the mail's link, sign in."""
    await sign_up(surfer, email, name=name)
    await surfer.send(await surfer.get(await link_in_mail(surfer)), "")
    return await sign_in(surfer, email)


async def sign_up(surfer: Surfer, email: str, *, name: str = "Ann", password: str = PASSWORD) -> Shown:
    shown = await surfer.get("/portal/sign-up")
    return await surfer.send(shown, "/sign-up", email=email, name=name, password=password, terms="yes")


async def sign_in(surfer: Surfer, email: str, password: str = PASSWORD) -> Shown:
    return await surfer.send(await surfer.get("/portal/sign-in"), "/sign-in", email=email, password=password)


async def link_in_mail(surfer: Surfer) -> str:
    """The path of the first link in the newest mail."""
    shown = await surfer.get("/dev/mail")
    return next(urlsplit(link).path for link in shown.links() if link.startswith(BASE))


def move_to(base: str) -> None:
    """Tell the standing application where browsers reach it, for links in mails and for passkeys."""
    standing, _ = _APPLICATIONS[0]
    object.__setattr__(standing, "portal", portal_ports(base))


def at_time(now: datetime) -> None:
    """Let the standing application have this time from now on; the next test's has the wall's again."""
    standing, _ = _APPLICATIONS[0]
    object.__setattr__(standing, "clock", lambda: now)
