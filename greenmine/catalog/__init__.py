"""Catalogs: strict YAML in, a validated and resolved catalog with its digest out; profiles, comparison, schemas."""
