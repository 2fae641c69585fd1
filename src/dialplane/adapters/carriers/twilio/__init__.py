"""Twilio (API 2010-04-01), by its public documentation (reference `carriers.md` b and e)."""
