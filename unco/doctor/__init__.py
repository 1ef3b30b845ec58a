"""`unco doctor`: is everything there that a run needs, does it work, and what to do where it does not."""
