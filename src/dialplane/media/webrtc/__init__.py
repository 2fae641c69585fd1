"""WebRTC at the edge of a leg: what crosses the network is encrypted and may be Opus, what the leg sees is plain G.711.

All of it on one port (RFC 7983): ICE checks, the DTLS handshake, RTP and RTCP.
"""
