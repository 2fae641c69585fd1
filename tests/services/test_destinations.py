"""What accounts may call and write to, whichever face asks: one function judges every way out (FRD-1, FRD-2)."""

from dataclasses import replace

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import Address, tel
from dialplane.domain.calling.destinations import SpecialRange, check_allowed
from dialplane.domain.errors import Invalid, NotFound, NotPermitted, Refusal
from dialplane.domain.ids import AccountId, CallId, new_id, utc_now
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.calling.dialling import Opened, OutgoingWish, check_destination, open_calls
from dialplane.services.calling.special_ranges import set_special_ranges
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.messaging.outbound_messages import send_message
from dialplane.services.numbering.number_life import release_number
from dialplane.services.tenancy.customer import OutboundChange, update_outbound_config
from tests.services.buying import bought, buyer, stock

OWN = "+12025550143"
ALLOWED = [
    f"+1{area}5550{line}" for area in (202, 212, 310, 415, 617, 702, 808, 907) for line in (100, 121, 142, 163, 199)
]
FOREIGN = [
    "+14165550100", "+18765550100", "+442071838750", "+4930123456", "+33142685300", "+390669123456", "+34912345678",
    "+46812345678", "+4722123456", "+358912345678", "+48221234567", "+420212345678", "+37167123456", "+37052123456",
    "+37212345678", "+302101234567", "+351211234567", "+353112345678", "+972212345678", "+97142345678", "+91112345678",
    "+8613123456789", "+81312345678", "+82212345678", "+61212345678", "+6432345678", "+551123456789", "+525512345678",
    "+541112345678", "+5612123456", "+2348021234567", "+27101234567", "+20212345678", "+254202012345", "+2217012345678",
    "+37322212345", "+79161234567", "+380311234567", "+994123123123", "+998669050123",
]  # fmt: skip
COSTLY = {
    "+19005550100": SpecialRange.PREMIUM,
    "+449012345678": SpecialRange.PREMIUM,
    "+870773111632": SpecialRange.SATELLITE,
    "+881612345678": SpecialRange.SATELLITE,
    "+88213012345": SpecialRange.GLOBAL_NETWORK,
    "+883510012345": SpecialRange.GLOBAL_NETWORK,
    "+979123456789": SpecialRange.INTERNATIONAL_PREMIUM,
}
SPELLINGS = ("+12025550106", "+1 202 555 0106", "+1-202-555-0106", "+1 (202) 555-0106", "+1.202.555.0106")


@pytest.fixture
async def account(database: PostgresDatabase) -> Account:
    account_id = await buyer(database, plan="professional")
    await stock(database, OWN)
    await bought(database, account_id, OWN)
    return await load(database, account_id)


async def load(database: PostgresDatabase, account_id: AccountId) -> Account:
    async with database.reading() as tx:
        return await tx.accounts.get(account_id)


def wish(account: Account, target: str) -> OutgoingWish:
    return OutgoingWish(CallId(new_id(utc_now())), account.id, Address("tel", target), "node", tel(OWN))


async def refusal_of_text(database: PostgresDatabase, account: Account, target: str) -> Refusal | None:
    try:
        await send_message(database, account.id, MessageRequest(tel(OWN), (tel(target),), "hello"), utc_now())
    except Refusal as refusal:
        return refusal
    return None


async def test_new_account_reaches_its_home_country_and_nothing_costly(
    database: PostgresDatabase, account: Account
) -> None:
    """FRD-1: calls of whatever way out, and texts."""
    at_home = replace(account, destination_whitelist=("us",))
    for number in ALLOWED:
        check_allowed(at_home, number)
    for number in (*FOREIGN, *COSTLY):
        with pytest.raises(NotPermitted):
            check_allowed(at_home, number)
    abroad = replace(account, destination_whitelist=("us", "gb", "de", "fr", "ca", "ru", "uz", "jp", "in"))
    for number in COSTLY:
        with pytest.raises(NotPermitted):
            check_allowed(abroad, number)

    outcomes = await open_calls(database, [wish(account, number) for number in (*FOREIGN[3:6], *COSTLY)], utc_now())
    assert all(isinstance(outcome, NotPermitted) for outcome in outcomes)
    for number in (FOREIGN[3], *COSTLY):
        assert isinstance(await refusal_of_text(database, account, number), NotPermitted), number


async def test_each_costly_range_is_opened_by_itself(database: PostgresDatabase, account: Account) -> None:
    """FRD-1."""
    for number, special in COSTLY.items():
        await set_special_ranges(database, account.id, [special], utc_now())
        opened = await load(database, account.id)
        for each, own in COSTLY.items():
            if own is special:
                check_allowed(opened, each)
            else:
                with pytest.raises(NotPermitted):
                    check_allowed(opened, each)
        (outcome,) = await open_calls(database, [wish(account, number)], utc_now())
        assert isinstance(outcome, Opened)


async def test_every_spelling_of_a_number_is_one_number_at_one_price(
    database: PostgresDatabase, account: Account
) -> None:
    """FRD-2: what is checked and priced is what is dialled."""
    good = await open_calls(database, [wish(account, spelling) for spelling in SPELLINGS], utc_now())
    bad = await open_calls(
        database, [wish(account, spelling.replace("202", "900", 1)) for spelling in SPELLINGS], utc_now()
    )

    opened = [outcome for outcome in good if isinstance(outcome, Opened)]
    assert [each.call.destination.target for each in opened] == ["+12025550106"] * len(SPELLINGS)
    assert len({each.billing.rate for each in opened}) == 1
    assert {str(outcome) for outcome in bad} == {"+19005550106 is a premium number, which the account may not reach"}


@pytest.mark.parametrize(
    "target", ["alice", "=Z@\x0f\uf875", "a b@example.com", "a@", "a@b c", "a@exa\r\nmple.com", "x" * 256 + "@b"]
)
async def test_target_that_no_request_can_name_is_no_sip_destination(database: PostgresDatabase, target: str) -> None:
    """API-2: it is refused before a voice node is asked for."""
    async with database.transaction() as tx:
        account = await tx.accounts.get(await buyer(database))

    with pytest.raises(Invalid) as refusal:
        check_destination(account, Address("sip", target))

    assert refusal.value.field == "destinations"


async def test_sip_destination_may_be_written_with_its_scheme(database: PostgresDatabase) -> None:
    async with database.transaction() as tx:
        account = await tx.accounts.get(await buyer(database))

    destination, _ = check_destination(account, Address("sip", "sip:alice@example.com:5070"))

    assert destination.target == "alice@example.com:5070"


VIRTUAL = "+899100000001"


async def shown(database: PostgresDatabase, wanted: OutgoingWish) -> str:
    """The caller ID of the call, or the reason why there is none."""
    [outcome] = await open_calls(database, [wanted], utc_now())
    return outcome.call.source.target if isinstance(outcome, Opened) else outcome.reason


async def test_virtual_number_is_no_caller_id_for_the_pstn(database: PostgresDatabase, account: Account) -> None:
    """Reference 4.3: the source is an own, active, normal number, else the config's default number, else refused."""
    await bought(database, account.id, VIRTUAL)
    to_pstn = replace(wish(account, "+12025550106"), source=tel(VIRTUAL))

    assert await shown(database, to_pstn) == "SOURCE_NOT_OWNED"
    assert await shown(database, replace(to_pstn, destination=tel("+899100000002"))) == VIRTUAL
    assert await shown(database, replace(to_pstn, source=None, fallback_source=VIRTUAL)) == OWN  # its run calls out

    async with database.reading() as tx:
        [default] = await tx.numbers.find_live([OWN])
    change = OutboundChange(default_number_id=default.id)
    await update_outbound_config(database, account.id, change, now=utc_now())
    assert await shown(database, to_pstn) == OWN


async def test_default_number_is_a_normal_one_that_the_account_holds(
    database: PostgresDatabase, account: Account
) -> None:
    """Reference 4.3; a released number is found nowhere (2.3)."""
    virtual = await bought(database, account.id, VIRTUAL)
    await stock(database, "+12025550144")
    released = await bought(database, account.id, "+12025550144")
    await release_number(database, account.id, released.id, utc_now())

    for number, refused in ((virtual, Invalid), (released, NotFound)):
        change = OutboundChange(default_number_id=number.id)
        with pytest.raises(refused) as refusal:
            await update_outbound_config(database, account.id, change, now=utc_now())
        assert refusal.value.field == "default_outgoing_source_number_id"
