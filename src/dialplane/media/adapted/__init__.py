"""Legs whose party wants more than plain G.711: encrypted audio (RFC 3711), G.722, Opus. An edge stands between such a
leg and its sockets; other legs know nothing of it.
"""
