"""Which texts are wishes, and which are ordinary messages (SMS-7; user asks L)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.messaging.consent import STOP_WORDS, Wish, Words, is_for_all, read_wish


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", "Stop", "sToP", " stop ", "STOP!", "stop.", "'STOP'", "“Stop”", "Stop!!!", "*STOP*",
        "Stop. Thank you", "stop, please", "Please stop", "please STOP texting me", "STOP sending me this",
        "STOP THESE MESSAGES NOW", "I want to unsubscribe", "I want you to stop", "Can you stop texting me",
        "STOPALL", "stop all", "UNSUBSCRIBE", "unsubscribe me from this list", "CANCEL", "cancel please", "END",
        "END.", "QUIT", "Quit it", "REVOKE", "revoke my consent", "OPTOUT", "OPT-OUT", "opt out", "I'd like to opt out",
        "Hi. Stop.", "no thanks. STOP", "remove me", "STOP🙏", "🛑 stop 🛑", "¡STOP!", "ＳＴＯＰ", "stop\u200b",
        "opt_out", "Please opt me out", "I said STOP", "wrong number stop", "Stop and don't text me again",
        "Cancel my subscription", "Stop-all", "take me off your list", "STOP. " + "I do not read your offers. " * 30,
    ],
)  # fmt: skip
def test_words_that_stop(text: str) -> None:
    assert read_wish(text) is Wish.STOP


@pytest.mark.parametrize(
    "text",
    [
        "", "Don't stop", "don’t stop me now", "Where is the bus stop?", "nonstop", "I will stop by the office",
        "stop by at 5", "Cancel my appointment on Monday", "the end of the story", "weekend", "quite", "unstoppable",
        "What is the cancellation fee", "In the end we won", "!!!", "never quit", "but the stop was closed",
        "The end", "I will stop there tomorrow",
    ],
)  # fmt: skip
def test_words_that_are_no_wish(text: str) -> None:
    assert read_wish(text) is None


@pytest.mark.parametrize("text", ["START", "start!", "Unstop", "YES", "yes please", "Opt-in", "Subscribe. Thanks"])
def test_words_that_start(text: str) -> None:
    assert read_wish(text) is Wish.START


@pytest.mark.parametrize("text", ["HELP", "help?", "Info", "help me please"])
def test_words_that_ask_for_help(text: str) -> None:
    assert read_wish(text) is Wish.HELP


@pytest.mark.parametrize("text", ["Help me choose a plan", "yes I can come", "start the car", "more info on prices"])
def test_ordinary_sentences_are_left_to_the_flow(text: str) -> None:
    assert read_wish(text) is None


def test_own_words_count_beside_those_of_everybody() -> None:
    words = Words(stop=("arrêt", "no more of it please"), help=("aide",))

    assert read_wish("No more of it PLEASE!", words) is Wish.STOP
    assert read_wish("Arrêt!", words) is Wish.STOP
    assert read_wish("AIDE", words) is Wish.HELP
    assert read_wish("stop", words) is Wish.STOP
    assert read_wish("Arrêt!") is None


def test_stopall_means_every_number() -> None:
    assert is_for_all("STOPALL")
    assert is_for_all("Please stop all messages")
    assert not is_for_all("stop")


@given(
    st.sampled_from(sorted(STOP_WORDS)),
    st.text(string.punctuation.replace("'", ""), max_size=5),
    st.text(string.punctuation + " \n", max_size=5),
)
def test_any_case_and_punctuation_around_a_stop_word_changes_nothing(word: str, before: str, after: str) -> None:
    cased = "".join(c.upper() if (n + len(before)) % 2 else c for n, c in enumerate(word))

    assert read_wish(before + cased + after) is Wish.STOP


@given(st.text(max_size=500))
def test_any_text_is_read_without_failing(text: str) -> None:
    assert read_wish(text) in (None, *Wish)
