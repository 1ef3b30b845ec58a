"""`unco doctor`: checks that everything a run needs is installed and works, and advises where it does not."""
