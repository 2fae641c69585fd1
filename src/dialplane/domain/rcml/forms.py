"""Parameters of a request on their way: in the query of a GET, form-encoded in any other; and Twilio's signature."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import urlencode

FORM_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
SIGNATURE = "X-Twilio-Signature"


def place_form(url: str, method: str, form: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The address and the body of a request with these parameters. A query that is on the address already is kept."""
    if not form:
        return url, ""
    if method != "GET":
        return url, urlencode(form)
    address, hash_sign, fragment = url.partition("#")
    joint = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(form)}{hash_sign}{fragment}", ""


def twilio_signature(token: str, url: str, form: Sequence[tuple[str, str]] = ()) -> str:
    """base64(HMAC-SHA1(auth token, URL + each parameter's name and value, sorted by name)).

    `url` is what is asked for, query included; the parameters of a GET are part of it and not of `form`. A name that
    stands several times is signed once for each of its different values, as Twilio's own validators do.
    """
    signed = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()
