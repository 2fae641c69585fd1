"""The dry run: a program of either language played against a script instead of a caller and the world."""
