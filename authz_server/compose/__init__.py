"""The composition roots: who is wired to whom, in what order things start and stop; one module for each process."""
