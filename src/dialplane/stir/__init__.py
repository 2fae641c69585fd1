"""Signed caller IDs (STIR/SHAKEN): RFC 8224, 8225, 8226 and 8588. Bytes, certificates and times in, verdicts out: no
fetching, no clock, and no opinion on what becomes of a call."""
