"""Campaigns, the plans they dial by and the targets that they dial."""
