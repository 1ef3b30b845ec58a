"""Bodies of replies: as one JSON value, or as the stream that nobody asked for."""
