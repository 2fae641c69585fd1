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
            Item("Number Settings", "/numbers/settings"),
            Item("Usage History", "/numbers/usage"),
        ),
    ),
    Section("Flows", (Item("Flows", "/flows"),)),
    Section("Phone", (Item("Browser phone", "/phone", Deed.CONFIGURE),)),
    Section("SMS", (Item("Settings", "/sms/settings"),)),
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
