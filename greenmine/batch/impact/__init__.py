"""Impact before deciding: many mines' facts, scored array-at-a-time under several catalogs and readings.

Read in this order: `table` (the facts, a row a mine), `cells` and `collect` (where they come from), `carry` (what
another version takes of them), `arrays` (one rule on columns), `register` and `scored` (indicators, folding, verdicts),
`impact` (what changes), `sheet` (a row a mine).

The scorer of `greenmine.scoring` says what is right; this is the same arithmetic on whole columns, in integers over one
common denominator. What it compiles is what that scorer compiles, and tests hold the two equal, mine by mine.
"""
