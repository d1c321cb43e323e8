"""The archived report: an executed notebook as one self-contained HTML page.

`fragment` decides which outputs may be shown as they are, `sections` arranges them, `exporter` is nbconvert's door; the
template in `templates/greenmine` is installed where every nbconvert finds it.
"""
