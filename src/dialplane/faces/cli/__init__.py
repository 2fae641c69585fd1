"""The command line: reads settings and starts programs. What a program does is behind the launcher it is given."""
