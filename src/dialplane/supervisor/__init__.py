"""What stands behind `dialplane up`: one of each process on this machine, started, watched and ended in order."""
