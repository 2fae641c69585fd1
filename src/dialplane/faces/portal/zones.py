"""Time zones to choose from: those that people know by a city, and UTC."""

from zoneinfo import available_timezones

_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")

ZONES = ("UTC", *sorted(zone for zone in available_timezones() if zone.partition("/")[0] in _AREAS))
