"""What is listed: the calendar, the contracts, their conversions and prices."""
