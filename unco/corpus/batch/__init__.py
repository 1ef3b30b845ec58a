"""Corrections through a provider's Batch API: questions go out in files and answers come back in files."""
