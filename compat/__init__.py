"""Runs unco against servers that other people wrote, on this machine: `make compat`. By hand, not in CI."""
