"""Learn from recorded answers what a question gains, and which entities are worth one."""
