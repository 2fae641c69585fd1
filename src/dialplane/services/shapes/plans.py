"""A plan, as the native API shows it."""

from dataclasses import asdict

from dialplane.services.tenancy.plans import PlanStanding


def show_plan(standing: PlanStanding) -> dict[str, object]:
    return {
        "name": standing.plan.value,
        "is_current": standing.is_current,
        **asdict(standing.limits),
        "normal_numbers": None,
        "used": dict(standing.used),
    }
