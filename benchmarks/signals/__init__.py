"""What each signal costs, in instructions."""
