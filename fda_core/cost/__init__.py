"""What a run will cost on this machine, and what its method would cost on a network."""
