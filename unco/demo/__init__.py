"""Pictures to try things on, and the scripts that drew two of them."""
