"""Notebooks in numbers: parameters checked before a run, one run, its archived form, and its results put in place."""
