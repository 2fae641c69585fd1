"""Joins everything: the one layer that knows both the ports and what fulfils them.

One module for each kind of process, so that a process imports only what it runs.
"""
