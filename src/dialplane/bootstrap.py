"""Joins everything: the one module that knows both the ports and what fulfils them."""
