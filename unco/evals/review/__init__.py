"""Human review: the queue of uncertain results, and its exchange with labelling tools."""
