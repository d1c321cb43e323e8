"""The workbook: one assessment as pieces of HTML, in JupyterLab and in the archived report alike.

Read in this order: `book` (what a notebook calls), `cards` (an indicator with all that is known of it), `facts`,
`exhibits` and `rectification` (what the cards are made of), `html` and `words` (how it is put on the page).
"""

from greenmine.workbook.book import Workbook

__all__ = ["Workbook"]
