"""The engine itself, stage by stage."""
