"""A pattern as `/v1.0/number_patterns` shows it."""

from dialplane.services.numbering.number_patterns import PatternNumber, Trial
from dialplane.services.shapes.numbers import show_number
from dialplane.services.shapes.targets import target_shape

_AS_NUMBERS_SHOW_IT = (
    "id",
    "customer_id",
    "call_flow_id",
    "message_flow_id",
    "name",
    "detail",
    "status",
    "suspended_for",
    "tags",
    "protected",
    "tm_create",
    "tm_update",
    "tm_delete",
)


def show_pattern(pattern: PatternNumber) -> dict[str, object]:
    number = pattern.number
    shown = show_number(number)
    return (
        {"pattern": number.number, "anchored": pattern.anchored}
        | {name: shown[name] for name in _AS_NUMBERS_SHOW_IT}
        | {
            "targets": {
                "voice": target_shape(number.targets.voice),
                "message": target_shape(number.targets.message),
                "refer": target_shape(number.targets.refer),
            }
        }
    )


def show_trial(trial: Trial) -> dict[str, object]:
    return {
        "dialled": trial.dialled,
        "matches": trial.matches,
        "matched": trial.matched,
        "reason": trial.reason,
    }
