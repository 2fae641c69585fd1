"""Writes docs/compatibility.md: which calls of which peer's API are answered here, and which test proves it.

Runs the tests of the faces with a witness beside them, which notes what each request was and what came of it. A route
is proved by a test that passed in which it answered with success. `tests/platform/test_documentation.py` holds that the
page names every route and no test that is not there.

    make scorecard        # some minutes
"""

import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import offline
import pytest

from dialplane.faces.observation import Observation

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "compatibility.md"
WITNESSED = (
    *("tests/faces", "tests/carriers", "tests/services/test_rooms.py", "tests/services/test_applications.py"),
    *("tests/voice/test_queues.py", "tests/voice/test_documents_on_calls.py", "tests/voice/test_vox_call_routing.py"),
    *("tests/voice/test_media_streams.py", "tests/voice/test_twilio_library_calls.py"),
)
UNFIT = (
    *("test_openapi.py", "test_operator_contract.py", "test_any_input.py", "test_hostile.py", "test_crashes.py"),
    *("test_races.py", "test_mass_assignment.py", "test_nil_ids.py", "test_methods.py", "test_framing.py"),
    "test_errors.py",
)
"""Tests that ask everything: that one answers there proves nothing of what it does."""
LIBRARY = ("test_twilio_library.py", "test_twilio_user.py", "test_twilio_library_calls.py")
LIBRARY_MARK, OWN, OTHER, NONE = "library", "own", "other dialect", "contract"
_MOST = 2
"""Tests that are named for a route."""

VOX = ("/listnewnumbers", "/purchasenumber", "/api/callrouting", "/number", "/credithistory")
"""How the paths of the VoxCPaaS face begin."""

HEAD = """# What is compatible, and what proves it

Each line is a call that the peer's API has and Dialplane answers, with tests in which it was asked over real HTTP and
did what its documents say. The page is written by `make scorecard` from a run of the tests, and a test holds it to the
code. The second column says how far the proof goes:

- **library**: asked by the peer's own client library (`twilio` from PyPI), without a change to it;
- **own**: asked in this dialect;
- **other dialect**: Restcomm's and Twilio's calls are the same handlers with other shapes around them; asked in the
  other one;
- **contract**: only by the tests that ask everything: each answer of the native API is held to its OpenAPI document
  (`faces/test_openapi.py`), and no input of any dialect brings a 5xx (`faces/restcomm/test_any_input.py`).

What is compatible and is no HTTP call has its tests elsewhere: the verbs of RCML and TwiML in `tests/domain/rcml/` and
`tests/voice/`, flows in `tests/domain/test_flow_*.py`, the shapes of webhooks and callbacks in
`tests/services/test_webhooks.py` and `test_status_callbacks.py`, SIP itself in `tests/sip/test_torture.py` (RFC 4475
and 5118), against sipp in `tests/users/test_sipp_load.py`, against baresip in `tests/users/test_baresip.py`, against
linphone in `tests/voice/test_linphone.py`, through Kamailio with TLS and websockets in `tests/voice/test_edge_ends.py`,
in a browser in `tests/users/test_browser_phone.py`.
"""


class Witness:
    """A plugin of pytest."""

    def __init__(self) -> None:
        self.proofs: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._asked: dict[str, set[tuple[str, str]]] = defaultdict(set)
        note = Observation._note

        def noted(observation: Observation, scope: Any, path: str, status: int, seconds: float) -> None:
            note(observation, scope, path, status, seconds)
            if 200 <= status < 400:
                test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0].partition("[")[0]
                self._asked[test].add((scope["method"], scope.get("path_template") or ""))

        Observation._note = noted  # type: ignore[method-assign, assignment]  # in this process, which only looks on

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            test = report.nodeid.partition("[")[0]
            for route in self._asked.pop(test, ()):
                if test not in self.proofs[route]:
                    self.proofs[route].append(test)


def sections() -> dict[str, tuple[str, set[tuple[str, str]]]]:
    """By title: where the peer's paths are, and its routes."""
    own = offline.routes(offline.application())
    both = offline.routes(offline.restcomm())
    return {
        "Twilio": ("`/2010-04-01`", {(method, f"/2010-04-01{path}") for method, path in both}),
        "Restcomm": (
            "`/restcomm/2012-04-24` and its alias `/api/2012-04-24`",
            {(method, f"/2012-04-24{path}") for method, path in both},
        ),
        "VoIPBIN, and the native API beyond it": (
            "`/v1.0` and `/auth`",
            {(method, path) for method, path in own if path.startswith(("/v1.0/", "/auth/"))},
        ),
        "VoxCPaaS": ("the root and `/api`", {(method, path) for method, path in own if path.startswith(VOX)}),
    }


def write(proofs: dict[tuple[str, str], list[str]]) -> str:
    lines = [HEAD]
    for title, (where, routes) in sections().items():
        shown = [_row(method, path, proofs) for path, method in sorted((path, method) for method, path in routes)]
        known = {mark: sum(f"| {mark} |" in row for row in shown) for mark in (LIBRARY_MARK, OWN, OTHER, NONE)}
        counts = ", ".join(f"{count} {mark}" for mark, count in known.items() if count)
        lines += [f"\n## {title}\n", f"At {where}: {len(shown)} calls; {counts}.\n"]
        lines += ["| Call | | Proved by |", "|---|---|---|", *shown]
    return "\n".join(lines) + "\n"


def _row(method: str, path: str, proofs: dict[tuple[str, str], list[str]]) -> str:
    tests = _best(proofs.get((method, path), []))
    if tests:
        mark = LIBRARY_MARK if any(map(_is_library, tests)) else OWN
    else:  # both dialects have the same handlers, and differ in the shapes around them
        tests = _best(proofs.get((method, _in_other_dialect(path)), []))
        mark = OTHER if tests else NONE
    return f"| `{method} {path}` | {mark} | {_named(tests)} |"


def _in_other_dialect(path: str) -> str:
    first, second = "/2010-04-01/", "/2012-04-24/"
    return path.replace(first, second, 1) if path.startswith(first) else path.replace(second, first, 1)


def _best(tests: list[str]) -> list[str]:
    """The peer's library first, then those of the face's own folder."""
    ranked = sorted(tests, key=lambda test: (not _is_library(test), "/restcomm/" not in test and "/vox/" not in test))
    return ranked[:_MOST]


def _is_library(test: str) -> bool:
    return test.partition("::")[0].endswith(LIBRARY)


def _named(tests: list[str]) -> str:
    return "<br>".join(f"`{test.removeprefix('tests/')}`" for test in tests) or "the tests that ask everything, only"


def main() -> int:
    witness = Witness()
    unfit = [option for name in UNFIT for option in ("--ignore-glob", f"*/{name}")]
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    status = pytest.main([*options, *unfit, *WITNESSED], plugins=[witness])
    PAGE.write_text(write(witness.proofs))
    return int(status)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
