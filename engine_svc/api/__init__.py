"""One servicer for each service of the contract: mapping between messages and the engine, nothing else."""
