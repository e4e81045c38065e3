"""How fast the engine is, beside what others would use; ``make bench``."""
