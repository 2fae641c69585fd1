"""How long a call may last."""

from datetime import timedelta

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.calling.calls import CallExtras
from dialplane.domain.programs.sources import RESTCOMM_VERSION
from tests.voice.line import a_line


async def test_call_that_runs_documents_may_last_four_hours_and_any_other_one(database: PostgresDatabase) -> None:
    """VoIPBIN reference 4.5; Restcomm reference 5.8."""
    async with a_line(database) as line:
        others = line.leg.longest_s
        line.leg.update(extras=CallExtras(api_version=RESTCOMM_VERSION))

        assert (others, line.leg.longest_s) == (3_600, 14_400)


async def test_time_limit_that_is_set_later_counts_from_the_answer(database: PostgresDatabase) -> None:
    """Twilio's `TimeLimit` on an update: the call's whole length, so what has passed already ends it at once."""
    async with a_line(database) as line:
        answered_at = line.leg.now() - timedelta(seconds=10)
        line.leg.update(progressing_at=answered_at)
        line.leg.limit_whole(3_000)
        line.leg.limit_talk(1)

        line.leg.limit_whole(10)
        await line.leg.ended.wait()

        assert line.leg.call.hangup_reason == "timeout"
        assert line.leg.call.cause_text == "the call's time limit is 10 seconds"
