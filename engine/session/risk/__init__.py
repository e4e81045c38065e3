"""Risk rules: what is watched, what is done about it, and how it is armed again."""
