"""Remembers what answers and people decided about names, and changes the doubt of later mentions by it."""
