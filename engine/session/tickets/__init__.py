"""Orders outside the quotes: stops, takes, hedges, linked orders, closing."""
