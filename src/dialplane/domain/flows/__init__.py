"""Flows: the JSON language of actions, its catalogue, its validation, and the pure machine that runs it."""
