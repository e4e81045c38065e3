"""What goes wrong on demand: faults, when they act, and the doors they act at.

A fault is a frozen dataclass: ``traffic`` and ``outage`` have them all, ``kinds`` knows
their names. They are set on a venue by its configuration, by ``venue.faults.inject`` or
over the control API.
"""
