"""Pictures: loaded by a rule, decoded within limits, resized, kept, and drawn on."""
