"""The templates that flows begin with: what their forms ask for, and what is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.errors import Invalid
from dialplane.domain.flows.flow import Flow
from dialplane.domain.flows.templates import (
    GREETING,
    Actions,
    BusinessHours,
    Menu,
    Voicemail,
    auto_reply,
    business_hours,
    menu,
)
from dialplane.domain.ids import AccountId, QueueId, find_uuid
from dialplane.faces.portal.forms import Fields
from dialplane.faces.portal.zones import ZONES
from dialplane.services.programs.flow_templates import create_call_queue, create_from_template, create_voicemail
from dialplane.services.transaction import Database

_MOST_KEYS = "1", "2", "3"
HOURS = tuple(str(hour) for hour in range(24))


@dataclass(frozen=True, slots=True)
class Template:
    name: str
    title: str
    says: str
    runs_on: str = "calls"
    defaults: Mapping[str, str] = field(default_factory=dict)


TEMPLATES = (
    Template(
        "ivr",
        "IVR menu",
        "A greeting, and a key for each department.",
        defaults={"greeting": "Welcome. Press 1 for sales, or 2 for support."},
    ),
    Template(
        "hours",
        "Business hours",
        "Connects on working days, and says when you are open at other times.",
        defaults={
            "opens": "9",
            "closes": "17",
            "closed": "We are closed now. Please call again on a working day between nine and five.",
        },
    ),
    Template(
        "voicemail",
        "Voicemail",
        "Records a message and sends it by e-mail or to a webhook.",
        defaults={"greeting": GREETING},
    ),
    Template(
        "reply",
        "SMS auto-reply",
        "Answers each message with a text.",
        runs_on="messages",
        defaults={"text": "Thank you for your message. We are open Monday to Friday, 9 to 5."},
    ),
    Template(
        "queue",
        "Call queue",
        "Lets callers wait for the next free agent.",
        defaults={"greeting": "Thank you for calling. The next free agent is yours."},
    ),
    Template("blank", "Blank", "One step to begin with."),
)


def template_of(name: str) -> Template | None:
    return next((each for each in TEMPLATES if each.name == name), None)


async def make_flow(database: Database, account_id: AccountId, fields: Fields, now: datetime) -> Flow:
    """Raises Invalid naming the form's field, LimitExceeded beyond the plan."""
    name = fields.get("name")
    if not name:
        raise Invalid("Give it a name", field="name")
    template = fields.get("template")
    match template:
        case "voicemail":
            wanted = Voicemail(fields.get("greeting"), email=fields.get("email"), webhook=fields.get("webhook"))
            return await create_voicemail(database, account_id, name, wanted, now)
        case "queue":
            chosen = find_uuid(fields.get("queue"))
            queue_id = QueueId(chosen) if chosen else None
            return await create_call_queue(database, account_id, name, fields.get("greeting"), queue_id, now)
    actions = _actions(template, fields)
    return await create_from_template(database, account_id, template, name, actions, now)


def _actions(template: str, fields: Fields) -> Actions:
    match template:
        case "ivr":
            return menu(Menu(_needed(fields, "greeting"), _destinations(fields)))
        case "hours":
            return business_hours(_hours(fields))
        case "reply":
            return auto_reply(_needed(fields, "text"))
        case "blank":
            return [{"type": "answer"}]
    raise Invalid("Choose a template", field="template")


def _destinations(fields: Fields) -> tuple[tuple[str, str], ...]:
    found = tuple((key, _number(fields, f"number_{key}")) for key in _MOST_KEYS if fields.get(f"number_{key}"))
    if not found:
        raise Invalid("Enter at least one number", field="number_1")
    return found


def _hours(fields: Fields) -> BusinessHours:
    opens, closes = _hour(fields, "opens"), _hour(fields, "closes")
    if opens >= closes:
        raise Invalid("It closes after it has opened", field="closes")
    zone = fields.get("timezone")
    if zone not in ZONES:
        raise Invalid("Choose a time zone", field="timezone")
    return BusinessHours(_number(fields, "number"), zone, opens, closes, _needed(fields, "closed"))


def _hour(fields: Fields, name: str) -> int:
    text = fields.get(name)
    if text not in HOURS:
        raise Invalid("Choose an hour", field=name)
    return int(text)


def _number(fields: Fields, name: str) -> str:
    try:
        return normalize_tel(fields.get(name), field=name)
    except Invalid:
        raise Invalid("Enter a number with its + and country code, such as +12025550143", field=name) from None


def _needed(fields: Fields, name: str) -> str:
    text = fields.get(name)
    if not 1 <= len(text) <= 1000:
        raise Invalid("Enter 1 to 1000 characters", field=name)
    return text
