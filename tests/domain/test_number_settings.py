"""What Restcomm's and Twilio's fields make of a number's targets, and what they show where another face wrote one."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.ids import NIL
from dialplane.domain.numbering.number_settings import Fetch, FetchChange, NumberSettings, SettingsChange, apply, seen
from dialplane.domain.numbering.targets import (
    ApplicationTarget,
    DocumentTarget,
    FlowTarget,
    ForwardTarget,
    HookTarget,
    Targets,
)

FLOW, APPLICATION = FlowTarget(UUID(int=1)), ApplicationTarget(UUID(int=2))
URL, OTHER = "https://example.org/a", "https://example.org/b"

urls = st.sampled_from([None, "", URL, OTHER])
methods = st.sampled_from([None, "GET", "POST"])
applications = st.sampled_from([None, NIL, UUID(int=2), UUID(int=3)])
fetches = st.builds(FetchChange, urls, methods, urls, methods, applications)
changes = st.builds(SettingsChange, fetches, fetches, fetches, fetches, urls, methods)
documents = st.builds(DocumentTarget, st.sampled_from([URL, OTHER]), st.sampled_from(["GET", "POST"]))
elsewhere = st.builds(
    Targets,
    st.one_of(st.none(), documents, st.just(FLOW), st.just(APPLICATION), st.just(ForwardTarget(sip="a@b"))),
    st.one_of(st.none(), documents, st.just(FLOW), st.just(HookTarget(URL))),
    st.one_of(st.none(), documents, st.just(APPLICATION)),
)


@given(elsewhere, changes, changes)
def test_what_was_written_last_is_what_is_shown(
    targets: Targets, first: SettingsChange, second: SettingsChange
) -> None:
    settings, targets = apply(first, NumberSettings(), targets)
    settings, targets = apply(second, settings, targets)

    assert seen(settings, targets) == settings


@given(elsewhere)
def test_change_of_nothing_leaves_every_target_as_it_is(targets: Targets) -> None:
    assert apply(SettingsChange(), NumberSettings(), targets)[1] == targets


def test_application_goes_before_the_url_which_is_kept() -> None:
    change = SettingsChange(voice=FetchChange(url=URL, application_id=APPLICATION.application_id))

    settings, targets = apply(change, NumberSettings(), Targets())
    without = apply(SettingsChange(voice=FetchChange(application_id=NIL)), settings, targets)

    assert (targets.voice, settings.voice.url) == (APPLICATION, URL)
    assert without[1].voice == DocumentTarget(URL)


def test_method_alone_does_not_take_a_flow_off_and_an_empty_url_does() -> None:
    with_flow = Targets(voice=FLOW)

    method = apply(SettingsChange(voice=FetchChange(method="GET")), NumberSettings(), with_flow)
    empty = apply(SettingsChange(voice=FetchChange(url="")), NumberSettings(), with_flow)

    assert (method[1].voice, method[0].voice) == (FLOW, Fetch(method="GET"))
    assert empty[1].voice is None


def test_status_callback_alone_reaches_the_document_that_is_there() -> None:
    there = Targets(voice=DocumentTarget(URL, "GET", OTHER))

    settings, targets = apply(SettingsChange(status_url=OTHER, status_method="GET"), NumberSettings(), there)

    assert targets.voice == DocumentTarget(URL, "GET", OTHER, "POST", OTHER, "GET")
    assert settings.voice == Fetch(URL, "GET", OTHER)


def test_document_of_another_face_is_shown_with_its_status_callback() -> None:
    written = apply(SettingsChange(voice=FetchChange(url=URL), status_url=URL), NumberSettings(), Targets())[0]

    shown = seen(written, Targets(voice=DocumentTarget(OTHER, "GET", status_url=OTHER)))

    assert (shown.voice, shown.status_url) == (Fetch(OTHER, "GET"), OTHER)
