"""Checks of what comes from outside: addresses, keys, names of models, certificates, token counts."""
