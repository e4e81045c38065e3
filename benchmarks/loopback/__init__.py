"""Whole clients beside each other on real sockets of this machine."""
