"""Long posts: where they are cut, and how their windows are read."""
