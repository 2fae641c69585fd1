"""How the operator's endpoints document what they answer beside the success that their types tell."""

from typing import Any

from dialplane.faces.answers import Answers, answer
from dialplane.faces.operator.problems import Problem

_WHEN = {
    400: "The request is malformed; `errors` names the field",
    401: "The operator's key is missing or wrong",
    402: "More credit would be taken than the account has",
    403: "The PIN is not the one of the number's owner",
    404: "No such thing",
    409: "It exists already, its state does not allow this, or the first request of the Idempotency-Key still runs",
    413: "The body is too large",
    422: "The Idempotency-Key came before with another request",
    429: "There are as many already as there may be",
    503: "Something that we depend on does not answer; trying again may help",
}

ALWAYS = (400, 401, 503)
"""Every operation may answer these."""


def refusals(*statuses: int) -> Answers:
    """The `responses` of a route: a problem (RFC 9457) for each of `statuses` and of ALWAYS."""
    return Answers(
        {
            status: answer(Problem, says=_WHEN[status], media_type="application/problem+json")
            for status in sorted({*ALWAYS, *statuses})
        }
    )


def posting(*statuses: int) -> Answers:
    """`refusals` for a POST, which takes a body and an Idempotency-Key."""
    return refusals(409, 413, 422, *statuses)


def shown(shape: type[Any], status: int) -> Answers:
    """The success of a route whose answer is made by a shape that webhooks carry, too."""
    return Answers({status: answer(shape)})
