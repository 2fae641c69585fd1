"""What the tests of services share."""

import pytest

from tests.services.dying import Attempt, is_cut_off, is_killed


@pytest.fixture(params=[is_cut_off, is_killed])
def attempt(request: pytest.FixtureRequest) -> Attempt:
    dies: Attempt = request.param
    return dies
