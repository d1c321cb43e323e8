"""The archive: records that anyone can verify, re-run and trust, years later and with stock tools."""
