"""What a request asks for, in the words of its route."""

from collections.abc import Mapping

from litestar.types import HTTPScope

_PREFIXES = ("/portal/operator", "/portal/projects/{project:uuid}", "/portal", "/operator/v1", "/v1.0")


def words_of(scope: HTTPScope) -> str:
    """`/portal/operator/accounts/{account:uuid}/credit` is `accounts.credit`: the route without its ids."""
    template: str = scope["path_template"]
    for prefix in _PREFIXES:
        if template.startswith(prefix):
            template = template.removeprefix(prefix)
            break
    words = [part for part in template.split("/") if part and not part.startswith("{")]
    return ".".join(words)[:200] or "home"


def subject_of(ids: Mapping[str, object]) -> str:
    """What the path names, as a text that can be kept."""
    return " ".join(str(value) for value in ids.values()).replace("\0", "")[:400]
