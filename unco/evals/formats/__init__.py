"""Gold posts and predictions as files: one format a file, each read and written so that nothing is lost."""
