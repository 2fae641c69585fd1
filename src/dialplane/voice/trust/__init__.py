"""Signed caller IDs on live calls: certificates fetched and kept, incoming calls verified, outgoing ones signed."""
