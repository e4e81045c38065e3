"""The live shell: the only folder that knows sockets, clocks, signals and secrets."""
