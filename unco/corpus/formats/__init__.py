"""Forms of files of posts beside JSON Lines: CoNLL text, tables, CSV; and the files of a folder."""
