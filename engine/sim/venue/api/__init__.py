"""How a client speaks to the venue: requests, logins, limits, answers."""
