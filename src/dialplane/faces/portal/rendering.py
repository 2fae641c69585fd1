"""Templates and what every page shows around its content."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from litestar.enums import MediaType

from dialplane.domain.identity.people import Deed
from dialplane.domain.money import show_usd
from dialplane.faces.portal import call_words, message_words
from dialplane.faces.portal.assets import ASSETS
from dialplane.faces.portal.countries import country_name
from dialplane.faces.portal.forms import Form
from dialplane.faces.portal.kinds_of_documents import kind_words
from dialplane.faces.portal.navigation import DESK_SECTIONS, SECTIONS
from dialplane.faces.portal.numbers_as_text import kind_name, place_of, show_kind, show_number
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.targets_as_text import fact_words
from dialplane.faces.portal.tokens import csrf_token
from dialplane.services.identity.sign_in import leave_notice, take_notice
from dialplane.services.tenancy.projects import read_frame


def show_money(micros: int) -> str:
    """`$1.25`; more decimals only where there are some."""
    sign = "-" if micros < 0 else ""
    whole, _, fraction = show_usd(abs(micros)).partition(".")
    return f"{sign}${int(whole):,}.{fraction}"


def show_balance(micros: int) -> str:
    """Rounded down to the cent, as an amount that one has."""
    return show_money(micros - micros % 10_000)


_SHORT = {word: word.upper() for word in ("api", "pstn", "sid", "sip", "sms", "tts", "url")}


def words(name: str) -> str:
    """A name of ours as people write it: `in_process` is `In process`, `call_pstn_incoming` is `Call PSTN incoming`."""
    text = " ".join(_SHORT.get(word, word) for word in name.lower().split("_"))
    return text[:1].upper() + text[1:]


def _in_zone(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%d %b %Y, %H:%M")


def _in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "money": show_money,
        "balance": show_balance,
        "in_zone": _in_zone,
        "in_utc": _in_utc,
        "iso": _iso,
        "country": country_name,
        "number": show_number,
        "number_kind": show_kind,
        "place": place_of,
        "kind_words": kind_words,
        "fact": fact_words,
    }
    environment.globals |= {"static": ASSETS.url, "Deed": Deed, "kind_name": kind_name, "words": words}
    environment.globals |= {**call_words.WORDS, **message_words.WORDS}
    return environment


_TEMPLATES = _environment()


def render(template: str, context: Mapping[str, object]) -> str:
    return _TEMPLATES.get_template(template).render(context)


async def show(
    request: PortalRequest, template: str, *, status: int = 200, form: Form | None = None, **context: object
) -> Response[str]:
    """The page, with the frame around it. A refused form makes it 422."""
    if form is not None and form.is_refused and status == 200:
        status = 422
        request.user.refusal = form.problem or " ".join(form.errors.values())
    frame = await _frame(request)
    text = render(template, {**frame, "form": form or Form(), **context})
    return Response(text, media_type=MediaType.HTML, status_code=status)


async def _frame(request: PortalRequest) -> dict[str, object]:
    visitor = request.user
    found = visitor.found if visitor.found and visitor.found.session.is_complete else None
    frame: dict[str, object] = {
        "csrf": csrf_token(request.portal.secret, visitor.token),
        "person": found and found.person,
        "zone": found.person.timezone if found else "UTC",
        "project": None,
        "notice": await take_notice(request.database, found.session) if found else None,
        "path": request.url.path,
        "is_sandbox": request.portal.is_sandbox,
        "base": request.portal.base,
        "now": request.now,
        "desk": DESK_SECTIONS if visitor.is_operator else (),
    }
    if found is None or visitor.project is None:
        return frame
    around = await read_frame(request.database, found.person.id, request.account_id)
    return frame | {
        "project": visitor.project.account,
        "member": visitor.project.membership,
        "projects": around.projects,
        "credit": around.purse.free_credit,
        "pause": around.pause,
        "at": request.at,
        "sections": SECTIONS,
        "is_support": visitor.project.is_support,
    }


async def done(request: PortalRequest, path: str, said: str, *, curl: str = "", kind: str = "good") -> Response[str]:
    """Go on to a page that says what was done; `curl` is the line that does the same by the API."""
    if kind == "bad":
        request.user.refusal = said
    await leave_notice(request.database, request.signed_in, {"text": said, "curl": curl, "kind": kind})
    return go(path)


def go(path: str) -> Response[str]:
    return Response("", media_type=MediaType.HTML, status_code=303, headers={"Location": path})
