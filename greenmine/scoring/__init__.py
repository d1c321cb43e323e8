"""The scorer: a pure function from a resolved catalog and findings to a score with its trace.

Read in this order: `exact` (numbers), `rules` (one rule), `indicator` (one indicator), `total` (folding and verdict),
`scorer` (the document), `wording` (what it says). Standard library only; with `greenmine.errors` and
`greenmine.i18n` it travels inside every archived record and runs alone:

    python -m greenmine.scoring findings.json catalog.resolved.json
"""

from greenmine.scoring.scorer import FINDINGS_SCHEMA, SCHEMA, Scorer, canonical

__all__ = ["FINDINGS_SCHEMA", "SCHEMA", "Scorer", "canonical"]
