"""Box frames: in which numbers a model reads and writes a box."""
