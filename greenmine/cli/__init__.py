"""Verbs of the command line, one module each; `main` finds and runs them."""
