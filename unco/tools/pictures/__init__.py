"""Pictures: loading by access rules, decoding within limits, resizing, storing, and drawing."""
