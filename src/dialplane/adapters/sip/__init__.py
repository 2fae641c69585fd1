"""SIP towards peers, outside of the call runtime."""
