"""The menu of a project. A page that is added to it gets a line here."""

from dataclasses import dataclass

from dialplane.domain.identity.people import Deed


@dataclass(frozen=True, slots=True)
class Item:
    label: str
    path: str
    """Below the project's own path."""
    deed: Deed = Deed.VIEW
    is_exact: bool = False
    """Whether pages below it belong to another item."""


@dataclass(frozen=True, slots=True)
class Section:
    """Items that belong together; without a title they stand by themselves."""

    title: str
    items: tuple[Item, ...]


SECTIONS = (
    Section("", (Item("Dashboard", "", is_exact=True),)),
    Section(
        "Numbers",
        (
            Item("Overview", "/numbers/overview"),
            Item("Buy a new Number", "/numbers/buy"),
            Item("Purchased Numbers", "/numbers", is_exact=True),
            Item("Ordered numbers", "/numbers/ordered"),
            Item("Documents to upload", "/numbers/documents"),
            Item("Many at once", "/numbers/jobs"),
            Item("Patterns", "/numbers/patterns"),
            Item("Porting", "/numbers/ports"),
            Item("Number Settings", "/numbers/settings"),
            Item("Usage History", "/numbers/usage"),
        ),
    ),
    Section(
        "Calls",
        (
            Item("Call log", "/calls", is_exact=True),
            Item("Live calls", "/calls/live"),
            Item("Recordings", "/recordings"),
            Item("Queues, conferences", "/rooms"),
        ),
    ),
    Section("Flows", (Item("Flows", "/flows"),)),
    Section(
        "Phone",
        (Item("Browser phone", "/phone", Deed.CONFIGURE), Item("App users", "/app-users", Deed.CONFIGURE)),
    ),
    Section(
        "SMS",
        (
            Item("Conversations", "/conversations"),
            Item("Messages", "/messages"),
            Item("Settings", "/sms/settings"),
        ),
    ),
    Section("Events", (Item("Webhooks", "/webhooks"), Item("Deliveries", "/deliveries"))),
    Section(
        "Project",
        (
            Item("Keys", "/keys", Deed.KEYS),
            Item("Users", "/people"),
            Item("Credits", "/credits"),
            Item("Pricing", "/pricing"),
        ),
    ),
)

DESK_SECTIONS = (
    Section("", (Item("System", "", is_exact=True), Item("Unusual traffic", "/unusual"))),
    Section(
        "Customers",
        (
            Item("Accounts", "/accounts"),
            Item("Organizations", "/organizations"),
            Item("Operators", "/operators"),
        ),
    ),
    Section(
        "Numbers",
        (
            Item("Stock", "/stock", is_exact=True),
            Item("Imports", "/stock/imports"),
            Item("Documents", "/documents"),
            Item("Orders", "/orders"),
            Item("Porting", "/ports"),
        ),
    ),
    Section(
        "Traffic and prices",
        (
            Item("Carriers and trunks", "/carriers"),
            Item("Routes", "/routes"),
            Item("Rate decks", "/rates"),
            Item("Plans", "/plans"),
        ),
    ),
    Section("Records", (Item("Audit log", "/audit"),)),
)
"""The menu of the operator's desk, below `/portal/operator`."""
