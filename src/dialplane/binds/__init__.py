"""SMPP on the wire: the server that accounts' systems bind to, and our own binds to carriers."""
