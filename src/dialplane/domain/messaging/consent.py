"""Consent: the words by which people stop messages, ask for them again and ask for help (CTIA; 47 CFR 64.1200(a)(10)).

A word counts in any case, with any punctuation, and among other words as long as the sentence is about it: "Stop.
Thank you", "please STOP texting me" and "I want to unsubscribe" end the messages; "don't stop" and "where is the bus
stop?" do not. Where in doubt it is taken for the wish to stop: a message too few does no harm.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, MessageId

MOST_WORDS = 20
LONGEST_WORD = 40
LONGEST_ANSWER = 320
LONGEST_READ = 400
"""Characters of a text in which words are looked for: who wants it to stop does not begin with a letter."""


class Wish(StrEnum):
    """What somebody asks for, in Twilio's words of `OptOutType`."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "revoke", "optout", "opt-out", "opt out", "opt me out", "stop all", "stop-all",
     "unsub", "cancel", "end", "quit", "remove me", "take me off"}
)  # fmt: skip
"""The words of the US rules, and the ways they are written."""
START_WORDS = frozenset({"start", "unstop", "subscribe", "resubscribe", "optin", "opt-in", "opt in", "yes"})
HELP_WORDS = frozenset({"help", "info"})

_LEADING = STOP_WORDS - {"cancel", "end", "quit", "remove me", "take me off"}
"""These lead a sentence of any words; the others have meanings of their own ("cancel my order") and stand with polite
words alone."""
_NOT_AFTER_STOP = frozenset({"by", "at", "in", "over", "there", "sign", "light", "watch"})
"""`stop by the office`: somebody goes somewhere."""
_ARTICLES = frozenset({"the", "a", "my", "your"})
_NOUNS = frozenset({"stop", "end", "start"})
"""Behind an article they are things: `the stop was closed`, `the end`."""
_POLITE_WORDS = (
    "please pls plz thanks thank thx you u ok okay hi hello hey now immediately just i i'd im i'm want wish would like"
    " to need can could will me my us this these those that the it a all any more messages message texts text texting"
    " sms msg msgs txt messaging sending send from your list service subscription number at once sir madam of and so"
    " but yes no yo dude guys said say told asked already really seriously again wrong"
)
_POLITE = frozenset(_POLITE_WORDS.split())
_CLAUSE = re.compile(r"[.!?;,:\n\r]+")
_BETWEEN = re.compile(r"[^\w'-]|_")
"""What parts words, as blanks do: signs, quotation marks, emoji."""
_EDGE = "'-"


@dataclass(frozen=True, slots=True)
class Words:
    """Words of an account's own, beside the ones that everybody has; and what is answered. An empty answer: none."""

    stop: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


def read_wish(text: str, words: Words | None = None) -> Wish | None:
    """What the text asks for; None where it is an ordinary message."""
    words = words or _NO_WORDS
    stop, start, ask = (
        _vocabulary(STOP_WORDS, words.stop),
        _vocabulary(START_WORDS, words.start),
        _vocabulary(HELP_WORDS, words.help),
    )
    plain = _plain(text[:LONGEST_READ])
    if not any(begin in plain for known in (stop, start, ask) for begin in known.begins):  # as with most texts
        return None
    clauses = [clause for part in _CLAUSE.split(plain) if (clause := _tokens(part))]
    if any(_asks(clause, stop, _LEADING) for clause in clauses):
        return Wish.STOP
    for wish, known in ((Wish.START, start), (Wish.HELP, ask)):
        asking = [clause for clause in clauses if _asks(clause, known, ())]
        if asking and all(clause in asking or _is_polite(clause) for clause in clauses):
            return wish
    return None


def is_for_all(text: str) -> bool:
    """Whether who stops messages means those of every number of the account (`STOPALL`)."""
    joined = " ".join(_tokens(_plain(text)))
    return any(word in joined for word in ("stopall", "stop all", "stop-all"))


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    words: frozenset[str]
    longest: int
    """How many tokens the longest has."""
    begins: tuple[str, ...]
    """In every text with one of the words stands one of these."""


@lru_cache(maxsize=10_000)
def _vocabulary(words: frozenset[str], own: tuple[str, ...]) -> _Vocabulary:
    every = words.union(own) - {""}
    firsts = {word.split()[0] for word in every}
    begins = tuple(each for each in firsts if not any(other != each and other in each for other in firsts))
    return _Vocabulary(every, max(len(word.split()) for word in every), begins)


def _plain(text: str) -> str:
    """In small letters of the plain kind, without what is not seen: `ＳＴＯＰ`, or a mark of direction behind it."""
    if text.isascii():
        return text.lower()
    seen = (character for character in unicodedata.normalize("NFKC", text) if unicodedata.category(character) != "Cf")
    return "".join(seen).casefold().replace("’", "'")


def _tokens(part: str) -> list[str]:
    """Of a plain text."""
    return [bare for token in _BETWEEN.sub(" ", part).split() if (bare := token.strip(_EDGE))]


def _is_polite(clause: list[str]) -> bool:
    return all(token in _POLITE for token in clause)


def _asks(clause: list[str], known: _Vocabulary, leading: Collection[str]) -> bool:
    """Whether a sentence is the word, with nothing but polite words in front and, unless it leads, behind."""
    for start, token in enumerate(clause):
        if start and token in _NOUNS and clause[start - 1] in _ARTICLES:
            return False
        for length in range(known.longest, 0, -1):
            word = " ".join(clause[start : start + length])
            rest = clause[start + length :]
            if word in known.words and (_is_polite(rest) or (word in leading and rest[0] not in _NOT_AFTER_STOP)):
                return True
        if token not in _POLITE:
            return False
    return False


_NO_WORDS = Words()


@dataclass(frozen=True, slots=True)
class ConsentSettings:
    """How an account's messages heed consent. What is None is the platform's own."""

    is_on: bool = True
    words: Words = field(default=_NO_WORDS)
    stop_answer: str | None = None
    start_answer: str | None = None
    help_answer: str | None = None
    quiet_from: str = ""
    """`21:00`: from then on messages wait, by the clock of whoever gets them; empty: never."""
    quiet_to: str = ""

    def answer(self, wish: Wish) -> str:
        """What whoever asked is told; empty: nothing."""
        own = {Wish.STOP: self.stop_answer, Wish.START: self.start_answer, Wish.HELP: self.help_answer}[wish]
        return ANSWERS[wish] if own is None else own


ANSWERS = {
    Wish.STOP: (
        "You have successfully been unsubscribed. You will not receive any more messages from this number."
        " Reply START to resubscribe."
    ),
    Wish.START: (
        "You have successfully been re-subscribed to messages from this number."
        " Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply."
    ),
    Wish.HELP: "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
DEFAULTS = ConsentSettings()


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One word on consent, as it was said; never changed and never removed."""

    id: UUID
    account_id: AccountId
    peer: str
    """Who consents or does not."""
    pool_id: UUID | None
    """For whose senders: those of a pool; None: those of the account that are in no pool."""
    wish: Wish
    source: str
    """`message`: somebody wrote it; `api`: the account noted it."""
    own: str
    """The number that it was said to; empty where the account noted it."""
    text: str
    created_at: datetime
    message_id: MessageId | None = None


def check_settings(settings: ConsentSettings) -> None:
    """Raises Invalid naming the field."""
    for name, words in (("stop", settings.words.stop), ("start", settings.words.start), ("help", settings.words.help)):
        if len(words) > MOST_WORDS or any(not 0 < len(word) <= LONGEST_WORD for word in words):
            message = f"{name}_words are {MOST_WORDS} at most, of 1 to {LONGEST_WORD} characters"
            raise Invalid(message, field=f"{name}_words")
        if "" in normal_words(words):
            raise Invalid(f"{name}_words are of letters or digits", field=f"{name}_words")
    answers = (("stop", settings.stop_answer), ("start", settings.start_answer), ("help", settings.help_answer))
    for name, answer in answers:
        if answer is not None and (len(answer) > LONGEST_ANSWER or "\0" in answer):
            raise Invalid(f"{name}_answer has at most {LONGEST_ANSWER} characters", field=f"{name}_answer")
    if bool(settings.quiet_from) != bool(settings.quiet_to) or settings.quiet_from == settings.quiet_to != "":
        raise Invalid("quiet_from and quiet_to are two different times, or both empty", field="quiet_from")


def normal_words(words: Collection[str]) -> tuple[str, ...]:
    """As they are compared; "" for one that is none."""
    return tuple(dict.fromkeys(" ".join(_tokens(_CLAUSE.sub(" ", _plain(word)))) for word in words))
