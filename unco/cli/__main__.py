"""`python -m unco.cli` is `unco`."""

from unco.cli import main

main()
