"""`python -m hansa`: the same as the `hansa` command."""

from hansa.cli import main

main()
