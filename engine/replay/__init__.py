"""Recordings through the core again: journals (`replay`) and market data (`feed`)."""
