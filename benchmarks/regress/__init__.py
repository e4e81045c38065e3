"""Instructions, counted by valgrind and compared with what was counted before."""
