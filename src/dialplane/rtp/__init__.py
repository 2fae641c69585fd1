"""RTP without sockets: packets (RFC 3550), reports, digits (RFC 4733), statistics, and who may send to us.

Bytes and times go in; values, bytes and decisions come out. Times are seconds on the caller's monotonic clock.
"""
