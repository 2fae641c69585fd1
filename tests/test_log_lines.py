"""Log lines: all of them, whole and in order; at once after a rest and where something is wrong; else in few writes."""

import asyncio
import io
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.bootstrap.log_lines import GATHER_S, MOST, LogLines
from tests.effort import PATIENCE_S
from tests.fakes.jumping_clock import run_jumping

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Writes(io.BytesIO):
    """A file that remembers what came in one write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, octets: "ReadableBuffer") -> int:
        self.writes.append(bytes(octets))
        return super().write(octets)


@pytest.fixture
def file() -> Writes:
    return Writes()


@given(st.lists(st.tuples(st.sampled_from(["debug", "info", "warning", "exception"]), st.binary(max_size=5))))
def test_every_line_is_written_once_and_in_order(lines: list[tuple[str, bytes]]) -> None:
    file = Writes()

    async def work() -> None:
        logger = LogLines(file)
        for level, text in lines:
            getattr(logger, level)(text)
        await asyncio.sleep(2 * GATHER_S)

    run_jumping(work())

    assert file.getvalue() == b"".join(text + b"\n" for _, text in lines)


async def test_first_line_is_written_at_once_and_the_next_ones_together(file: Writes) -> None:
    logger = LogLines(file)
    logger.info(b"first")
    assert file.getvalue() == b"first\n"

    for n in range(20):
        logger.info(b"%d" % n)
    async with asyncio.timeout(PATIENCE_S):
        while len(file.getvalue().splitlines()) < 21:
            await asyncio.sleep(GATHER_S)

    assert len(file.writes) <= 3  # one more where this machine rested between two lines


async def test_a_warning_takes_what_waits_with_it(file: Writes) -> None:
    logger = LogLines(file)
    logger.info(b"first")
    logger.info(b"second")
    logger.warning(b"third")

    assert file.getvalue() == b"first\nsecond\nthird\n"


async def test_a_bounded_number_of_lines_waits(file: Writes) -> None:
    logger = LogLines(file)
    for _ in range(3 * MOST):
        logger.info(b"line")

    assert 3 * MOST - len(file.getvalue().splitlines()) < MOST


async def test_lines_of_other_threads_do_not_wait(file: Writes) -> None:
    logger = LogLines(file)
    logger.info(b"first")
    thread = threading.Thread(target=logger.info, args=(b"second",))
    thread.start()
    thread.join()

    assert file.getvalue() == b"first\nsecond\n"


def test_a_loop_that_is_over_keeps_no_line(file: Writes) -> None:
    logger = LogLines(file)

    async def work() -> None:
        logger.info(b"first")
        logger.info(b"second")

    asyncio.run(work())
    over = time.monotonic() + 2 * GATHER_S
    while time.monotonic() < over:
        pass
    asyncio.run(work())

    assert file.getvalue().startswith(b"first\nsecond\nfirst\n")


def test_what_waits_when_a_process_ends_is_written() -> None:
    program = (
        "import asyncio, sys\n"
        "from dialplane.bootstrap.log_lines import LogLines\n"
        "logger = LogLines(sys.stderr.buffer)\n"
        "async def work(): logger.info(b'first'); logger.info(b'second')\n"
        "asyncio.run(work())"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert ended.stderr == b"first\nsecond\n"
