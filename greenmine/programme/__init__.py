"""Programmes: what authorities and certifiers do with scores."""
