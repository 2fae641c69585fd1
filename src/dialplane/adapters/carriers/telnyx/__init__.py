"""Telnyx (API v2), by its public documentation (reference `carriers.md` c and d)."""
