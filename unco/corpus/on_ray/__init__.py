"""Corpus runs on a Ray cluster: reading, small model and correctors are distributed, one process writes.

Nothing else in unco imports Ray, and this only when it is asked for: `pip install 'unco[ray]'`.
"""
