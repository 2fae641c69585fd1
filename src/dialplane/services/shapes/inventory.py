"""What is on offer, and reservations, as the VoIPBIN face shows them (reference section 2.1), ours beside."""

from dialplane.domain.supply.inventory import Near, Offer, Reservation
from dialplane.domain.supply.item_matching import distance_km
from dialplane.services.shapes.common import show_id, show_time


def show_offer(offer: Offer, near: Near | None = None) -> dict[str, object]:
    """An item of `GET /available_numbers`; `total_micros` is what its purchase charges at once."""
    return {
        "number": offer.number,
        "country": offer.country,
        "region": offer.region,
        "postal_code": offer.postal_code,
        "features": sorted(offer.capabilities),
        "number_type": offer.kind.value,
        "locality": offer.locality,
        "latitude": offer.latitude,
        "longitude": offer.longitude,
        "setup_micros": offer.setup_micros,
        "monthly_micros": offer.monthly_micros,
        "total_micros": offer.setup_micros + offer.monthly_micros,
        "documents_required": list(offer.documents_required),
        "distance_km": _distance(offer, near),
    }


def _distance(offer: Offer, near: Near | None) -> float | None:
    """To ten metres; None where no point was asked for."""
    if near is None or offer.latitude is None or offer.longitude is None:
        return None
    return round(distance_km(near, offer.latitude, offer.longitude), 2)


def show_old_offer(offer: Offer) -> dict[str, object]:
    """An item of the older `GET /number_availables`, which spelled `toll-free` with a hyphen."""
    return {
        "number": offer.number,
        "country": offer.country,
        "type": offer.kind.value.replace("_", "-"),
        "region": offer.region,
        "city": offer.locality,
    }


def show_reservation(reservation: Reservation) -> dict[str, object]:
    return {
        "id": show_id(reservation.id),
        "customer_id": show_id(reservation.account_id),
        "number": reservation.number,
        "status": reservation.status.value,
        "tm_expire": show_time(reservation.expires_at),
        "tm_create": show_time(reservation.created_at),
        "tm_end": show_time(reservation.ended_at),
    }
