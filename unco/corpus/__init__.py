"""Many posts: read one after another, run side by side, written in their order, and gone on with after a break."""
