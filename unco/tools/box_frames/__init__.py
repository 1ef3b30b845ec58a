"""Box frames: the coordinate systems in which models read and write boxes."""
