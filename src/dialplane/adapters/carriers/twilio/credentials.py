"""How requests to Twilio say who we are, and with what Twilio signs its own."""

from base64 import b64encode

from dialplane.domain.supply.carrier_accounts import CarrierAccount

API = "https://api.twilio.com"


def basic(account: CarrierAccount) -> str:
    """The Authorization header: the account's sid and auth token, or an API key."""
    name, colon, secret = account.api_key.partition(":")
    is_key = bool(colon) and name.startswith("SK")
    pair = f"{name}:{secret}" if is_key else f"{account.account_sid}:{account.api_key}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def auth_token(account: CarrierAccount) -> str:
    """What Twilio signs with; "" where only an API key is known, which signs nothing."""
    if account.signing_key:
        return account.signing_key
    return "" if account.api_key.startswith("SK") and ":" in account.api_key else account.api_key


def resource(account: CarrierAccount, path: str) -> str:
    """The address of one of the account's resources."""
    base = (account.api_url or API).rstrip("/")
    return f"{base}/2010-04-01/Accounts/{account.account_sid}/{path}.json"
