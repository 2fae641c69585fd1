"""Assistants outside the platform."""
