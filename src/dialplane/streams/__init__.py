"""Protocols that carry a call's audio to somebody else's program: messages and frames, in and out. No sockets."""
