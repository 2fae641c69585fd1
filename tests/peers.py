"""Tests against programs that we did not write: `@pytest.mark.peer("sipp")`.

Where the program is missing the test is skipped with the package to install; with DIALPLANE_REQUIRE_PEERS=1, as in
CI, it fails instead: a proof that silently does not run is none.
"""

import os
import shutil

import pytest

PACKAGES = {
    "sipp": "sip-tester",
    "baresip": "baresip-core",
    "rtpengine": "rtpengine-daemon",
    "janus": "janus",
    "bearerbox": "kannel",
    "tcpdump": "tcpdump",
    "linphonec": "linphone-cli",
    "chromium": "chromium",
    "kamailio": "kamailio kamailio-tls-modules kamailio-websocket-modules",
}
"""The Debian package of each program."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("peer"):
        program = str(mark.args[0])
        if shutil.which(program) is None:
            missing = f"needs {program}: apt-get install {PACKAGES[program]}"
            if os.environ.get("DIALPLANE_REQUIRE_PEERS") == "1":
                pytest.fail(missing, pytrace=False)
            pytest.skip(missing)
