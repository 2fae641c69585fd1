"""Quiet hours by the clock of whoever gets a message: its number's zone, or all zones of its country's numbers."""

from datetime import datetime, time, timedelta

from dialplane.domain.numbering.zones import zones_of

MOST_STEPS = 48
"""Half hours in a day: zones lie no closer together than that, and the quiet of one may begin where another's ends."""


def wakes_at(number: str, quiet_from: str, quiet_to: str, moment: datetime) -> datetime:
    """The first moment from `moment` on at which it is quiet nowhere where the number may be; `moment` itself where
    there are no quiet hours, or no zone is known, or it is always quiet in one of them."""
    if not quiet_from:
        return moment
    start, end = time.fromisoformat(quiet_from), time.fromisoformat(quiet_to)
    zones, at = zones_of(number), moment
    for _ in range(MOST_STEPS):
        ends = [_end(at.astimezone(zone), start, end) for zone in zones]
        latest = max((each for each in ends if each is not None), default=None)
        if latest is None:
            return at
        at = latest.astimezone(moment.tzinfo)
    return moment


def _end(local: datetime, start: time, end: time) -> datetime | None:
    """When the quiet ends that `local` lies in; None where it lies in none."""
    now = local.time()
    over_midnight = start > end
    if not (now >= start or now < end if over_midnight else start <= now < end):
        return None
    day = local.date() + (timedelta(days=1) if over_midnight and now >= start else timedelta())
    return datetime.combine(day, end, tzinfo=local.tzinfo)
