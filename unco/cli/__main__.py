"""`python -m unco.cli` is the `unco` command."""

from unco.cli import main

main()
