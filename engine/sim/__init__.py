"""A simulated Deribit: venue, background market, virtual links, server."""
