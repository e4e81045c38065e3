"""Strategies: one short file each; copy ``_template.py`` to write your own."""
