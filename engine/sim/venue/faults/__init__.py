"""What goes wrong on demand: faults, when they act, and the doors they act at."""
