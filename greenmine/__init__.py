"""Greenmine: assessment workbook and audit trail for green mines (绿色矿山)."""

__version__ = "0.1.0"
