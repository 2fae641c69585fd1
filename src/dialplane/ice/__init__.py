"""ICE of a server with known addresses (RFC 8445 section 2.5, "lite"): it answers connectivity checks and makes none.

Octets in, octets out; no socket and no clock.
"""
