"""Carriers to try the platform against, built from their public documentation: they keep everything in memory, cost
nothing and can be told to misbehave. For tests and for `dialplane carrier fake`."""
