"""Where the type corrector looks a name up: a table of the user's own, and a search tool of an MCP server."""
