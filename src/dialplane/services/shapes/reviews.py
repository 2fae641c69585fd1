"""What assistants were asked afterwards, in the native JSON form (VoIPBIN reference 6.10 and 6.11)."""

from dialplane.domain.programs.reviews import Review
from dialplane.services.shapes.common import show_id, show_time


def review_shape(review: Review) -> dict[str, object]:
    return {
        "id": show_id(review.id),
        "customer_id": show_id(review.account_id),
        "reference_type": review.reference_type,
        "reference_id": show_id(review.reference_id),
        "language": review.language,
        "status": review.status.value,
        "ai_engine_model": review.engine_model,
        "score": review.score,
        "content": review.content,
        "error": review.error,
        "tm_create": show_time(review.created_at),
        "tm_update": show_time(review.updated_at),
        "tm_delete": show_time(review.deleted_at),
    }
