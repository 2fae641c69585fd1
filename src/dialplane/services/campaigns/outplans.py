"""Outplans as a resource: made, read, changed and deleted by their owner."""

from dialplane.services.resources import Resource
from dialplane.services.shapes.campaigns import outplan_shape

OUTPLANS = Resource("outplan", lambda tx: tx.outplans, outplan_shape, public=False, field="outplan_id")
"""A change holds for the tries that come. A campaign whose outplan is deleted comes to its end."""
