"""Lists of callers and the score of a call."""

import pytest

from dialplane.domain.calling.screening import (
    CallerFacts,
    CallerVerdict,
    Consequence,
    Deed,
    Screening,
    check_screening,
    screen,
    spam_score,
)
from dialplane.domain.errors import Invalid

NUMBER, CALLER = "+12025550143", "+12125550111"


def verdict(caller: str, *screenings: Screening) -> CallerVerdict:
    return screen(CallerFacts(caller, NUMBER), *screenings).verdict


def test_allow_list_goes_before_any_deny_list() -> None:
    number, account = Screening(deny=("+1212*",)), Screening(allow=(CALLER,))

    assert verdict(CALLER, number) is CallerVerdict.DENIED
    assert verdict(CALLER, number, account) is CallerVerdict.ALLOWED
    assert verdict("+12125550112", number, account) is CallerVerdict.DENIED
    assert verdict("+13105550112", number, account) is CallerVerdict.UNKNOWN


def test_anonymous_and_whoever_is_not_on_the_list() -> None:
    assert verdict("anonymous", Screening(deny=("anonymous",))) is CallerVerdict.DENIED
    assert verdict("anonymous", Screening(deny=("+1*",))) is CallerVerdict.UNKNOWN
    assert verdict(CALLER, Screening(allow=("+1310*",), only_allowed=True)) is CallerVerdict.DENIED
    assert verdict("+13105550112", Screening(allow=("+1310*",), only_allowed=True)) is CallerVerdict.ALLOWED


@pytest.mark.parametrize(
    ("facts", "score"),
    [
        (CallerFacts("+13105550112", NUMBER), 0),
        (CallerFacts("+13105550112", NUMBER, "TN-Validation-Passed-A"), 0),
        (CallerFacts("anonymous", NUMBER), 40),
        (CallerFacts("+1310555", NUMBER), 50),
        (CallerFacts("+19005550112", NUMBER), 40),
        (CallerFacts(NUMBER, NUMBER), 60),
        (CallerFacts("+12025550199", NUMBER), 20),
        (CallerFacts("+12025550199", NUMBER, "TN-Validation-Passed-A"), 0),
        (CallerFacts("+13105550112", NUMBER, "TN-Validation-Failed-B"), 50),
        (CallerFacts("+13105550112", NUMBER, "TN-Validation-Passed-C"), 15),
        (CallerFacts("+13105550112", NUMBER, recent_calls=2), 0),
        (CallerFacts("+13105550112", NUMBER, recent_calls=4), 30),
        (CallerFacts(NUMBER, NUMBER, "TN-Validation-Failed", 100), 100),
    ],
)
def test_score_is_the_sum_of_its_signs(facts: CallerFacts, score: int) -> None:
    assert spam_score(facts)[0] == score


def test_spam_has_its_own_consequence() -> None:
    scoring = Screening(spam_score=50, spam=Consequence(Deed.REFUSE, 607))
    spam = screen(CallerFacts("+1310555", NUMBER), scoring)
    good = screen(CallerFacts("+13105550112", NUMBER), scoring)

    assert (spam.verdict, spam.score, spam.consequence) == (CallerVerdict.SPAM, 50, scoring.spam)
    assert (good.verdict, good.score, good.consequence) == (CallerVerdict.UNKNOWN, 0, None)


@pytest.mark.parametrize(
    ("screening", "field"),
    [
        (Screening(allow=("12025550143",)), "allow"),
        (Screening(deny=("+1*2",)), "deny"),
        (Screening(deny=("+1",) * 1001), "deny"),
        (Screening(denied=Consequence(status=200)), "denied.status"),
        (Screening(spam=Consequence(Deed.DIVERT)), "spam.target"),
        (Screening(spam_score=101), "spam_score"),
    ],
)
def test_screening_that_is_none_is_refused_by_the_name_of_its_field(screening: Screening, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_screening(screening)
    assert refused.value.field == field
