"""How a client speaks to the venue: frames, logins, limits, answers."""
