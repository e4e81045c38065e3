"""Calibration: what the models' parameters were in recorded data, and how surely."""
