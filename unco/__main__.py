"""`python -m unco` is the `unco` command."""

from unco.cli import main

main()
