"""Work on many numbers in the native JSON form."""

from dataclasses import asdict

from dialplane.domain.numbering.number_jobs import JobLine, NumberJob
from dialplane.services.shapes.common import show_id, show_time


def number_job_shape(job: NumberJob) -> dict[str, object]:
    return {
        "id": show_id(job.id),
        "customer_id": show_id(job.account_id),
        "kind": job.kind.value,
        "state": job.state.value,
        "total": job.counts.total,
        **asdict(job.counts),
        "tm_create": show_time(job.created_at),
        "tm_update": show_time(job.updated_at),
        "tm_apply": show_time(job.applied_at),
        "tm_undo": show_time(job.undone_at),
    }


def number_job_line_shape(line: JobLine) -> dict[str, object]:
    return {
        "position": line.position,
        "line": line.line,
        "number": line.number,
        "number_id": show_id(line.number_id),
        "outcome": line.outcome.value,
        "field": line.field,
        "detail": line.detail,
    }
