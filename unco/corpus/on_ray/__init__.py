"""A corpus on a Ray cluster: reading, the small model and the correctors are spread over it, one process writes.

Nothing else in unco imports Ray, and this only when it is asked for: `pip install ".[ray]"`.
"""
