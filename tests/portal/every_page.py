"""Every page of the portal, with an address under which it shows something: for tests in a browser and for the bench.

The list is the application's own routes, so that no page is forgotten: one whose path names a thing that is not made
here has no address, and says so. Files to download are no pages, nor is the entrance, which only leads on, nor what
only forms answer with.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from inspect import signature

from litestar import Response

from dialplane.domain.identity.one_time_codes import totp
from dialplane.domain.ids import AccountId, NumberId, utc_now
from dialplane.domain.numbering.documents import DocumentDraft
from dialplane.domain.numbering.history import SYSTEM
from dialplane.domain.numbering.number_jobs import JobChange, JobKind
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.portal.pages import getting_in, mails
from dialplane.faces.portal.routes import HANDLERS
from dialplane.faces.portal.routing import ACCESS, Access
from dialplane.services.eventing.webhooks import list_deliveries
from dialplane.services.identity.operators import make_operator
from dialplane.services.identity.second_step import begin_totp, confirm_totp
from dialplane.services.messaging.messages import list_messages
from dialplane.services.numbering.documents import upload_document
from dialplane.services.numbering.number_jobs import go_on, start_job
from dialplane.services.numbering.porting import PortDraft, WantedNumber, create_port
from dialplane.services.rooms.conferences import ConferenceChange, create_conference
from dialplane.services.rooms.queues import QueueChange, create_queue
from dialplane.services.supply.imports import ImportWish, preview_import
from dialplane.services.transaction import Database
from tests.portal.activity import fill
from tests.portal.conftest import Surfer, account_of, another, sign_in, sign_up
from tests.portal.test_desk import PNG
from tests.portal.test_flows import made, publish, said

_ASKED = {
    "/portal/projects/{project:uuid}/numbers/buy": "?type=did&country=DE",
    "/portal/projects/{project:uuid}/numbers/selected": "?all=yes",
}
"""Pages that show nothing, or lead on, where nothing is asked for."""
_TO_PORT = "+12025550902"
_IMPORT = b"number,type,country,monthly\n+14155550181,local,US,1.50\nnonsense,local,US,1\n"
_NAMED = re.compile(r"([^/{}]*)/\{([a-z_]+):[a-z]+\}")
_MAILED = re.compile(r"/portal/(activate|reset-password|invitation)/([\w-]+)")


@dataclass(frozen=True, slots=True)
class PortalPage:
    """A page as it is routed."""

    path: str
    access: Access

    def address(self, things: Mapping[str, str]) -> str:
        """Its path with `things` in the places of their names. One that is not like others of its name is called by
        the word before it, or by the last of the path, too: `activate token`, `call redirect`.

        Raises KeyError where there is no such thing: a new kind of page wants it made in `one_of_each`.
        """
        last = self.path.rpartition("/")[2]

        def thing(found: re.Match[str]) -> str:
            word, name = found.groups()
            for known in (f"{word} {name}", f"{name} {last}", name):
                if known in things:
                    return f"{word}/{things[known]}"
            raise KeyError(f"{self.path}: there is no {name} for it; make one in one_of_each")

        return _NAMED.sub(thing, self.path) + _ASKED.get(self.path, "")


def _pages() -> tuple[PortalPage, ...]:
    found = [
        PortalPage(f"/portal{path}".rstrip("/"), handler.opt[ACCESS])
        for handler in HANDLERS
        if "GET" in handler.http_methods
        and signature(handler.fn).return_annotation == Response[str]
        and handler is not getting_in.enter
        for path in handler.paths
    ]
    return (*sorted(found, key=lambda page: page.path), PortalPage("/dev/mail", mails.show_mails.opt[ACCESS]))


PAGES = _pages()


@dataclass(frozen=True, slots=True)
class Everything:
    """One of each thing that a page shows, by its name in paths, and who may look at the pages."""

    things: Mapping[str, str]
    visitors: Mapping[Access, Surfer]


async def one_of_each(ports: Dependencies, owner: Surfer, at: str, number: str, number_id: NumberId) -> Everything:
    """`owner` is signed in, and owns the project `at` with the number and credit for a text. The portal is a sandbox's:
    it shows its mails."""
    database = ports.database
    staff = another(owner)
    await sign_in(staff, *await _operator(ports, "staff@example.com"))
    half = another(owner)
    await sign_in(half, *await _operator(ports, "half@example.com", has_app=True))
    things = {
        "project": str(account_of(at)),
        "account": str(account_of(at)),
        "deck": "default",
        "number": str(number_id),
        "flow": await _flow(owner, at),
        **await _tokens(owner, at),
        **await _work(ports, account_of(at), number_id),
        **await _activity(database, account_of(at), number),
    }
    visitors = {Access.ANYBODY: another(owner), Access.HALF: half, Access.OPERATOR: staff}
    return Everything(things, {**visitors, Access.SIGNED_IN: owner, Access.MEMBER: owner})


async def _operator(ports: Dependencies, email: str, *, has_app: bool = False) -> tuple[str, str]:
    """E-mail and password; with an app, the password alone leads to the second step."""
    database, now = ports.database, utc_now()
    operator = await make_operator(database, ports.hasher, email, now)
    if has_app:
        secret = await begin_totp(database, operator.person.id, now)
        await confirm_totp(database, operator.person.id, totp(secret, int(now.timestamp()) // 30), now)
    return email, operator.password


async def _flow(owner: Surfer, at: str) -> str:
    """With a menu, two versions, and a draft that differs."""
    page = await made(owner, at, "ivr", name="Front desk", number_1="+12025550143")
    fields = page.form("/draft")
    await publish(owner, page, fields["actions"])
    await owner.send(await owner.get(page.path), "/draft", actions=said("Two"))
    return page.path.rpartition("/")[2]


async def _tokens(owner: Surfer, at: str) -> dict[str, str]:
    """Of the links in the mails to somebody who signs up, forgot a password, is invited."""
    stranger = another(owner)
    await sign_up(stranger, "newcomer@example.com")
    await stranger.send(await stranger.get("/portal/forgot-password"), "/forgot-password", email="staff@example.com")
    await owner.send(await owner.get(f"{at}/people"), "/people", email="guest@example.com", role="viewer")
    mailed = _MAILED.findall((await stranger.get("/dev/mail")).text)
    return {f"{purpose} token": token for purpose, token in reversed(mailed)}  # the newest come first


async def _work(ports: Dependencies, account_id: AccountId, number_id: NumberId) -> dict[str, str]:
    """What somebody has begun, and what works on it."""
    database, now = ports.database, utc_now()
    letter = DocumentDraft("proof_of_address", PNG, "Rent contract")
    document = await upload_document(database, ports.objects, account_id, letter, now)
    port = await create_port(database, account_id, PortDraft((WantedNumber(_TO_PORT),), name="The office"), now)
    change = JobChange(add_tags=("sales",))
    job = await start_job(database, account_id, JobKind.TAG, change, [number_id], now, by=SYSTEM)
    await go_on(database, account_id, job.id, now)  # its page would ask for itself again and again
    imported = await preview_import(database, _IMPORT, ImportWish(), now)
    conference = await create_conference(database, account_id, ConferenceChange(name="Monday"), now=now)
    queue = await create_queue(database, account_id, QueueChange(name="Support"), now)
    return {
        "document": str(document.id),
        "port": str(port.id),
        "job": str(job.id),
        "imported": str(imported.id),
        "conference": str(conference.conference.id),
        "queue": str(queue.queue.id),
    }


async def _activity(database: Database, account_id: AccountId, number: str) -> dict[str, str]:
    """What came and went."""
    found = await fill(database, account_id, number, said="Hello, is the order 4711 on its way to us?")
    later = utc_now() + timedelta(minutes=1)
    message = (await list_messages(database, account_id, before=later, limit=1))[0]
    delivery = (await list_deliveries(database, account_id, before=later, limit=1))[0]
    return {
        "call": str(found.over),
        "call redirect": str(found.live),
        "recording": str(found.recording),
        "conversation": str(found.conversation),
        "message": str(message.id),
        "endpoint": str(found.endpoint),
        "delivery": str(delivery.id),
    }
