"""SMPP 3.4 as a protocol core: octets and times in, events and octets out. No sockets.

Source: Short Message Peer to Peer Protocol Specification v3.4, issue 1.2 (SMPP Developers Forum, 1999).
"""
