"""The door: the only part with a network. A skill that was allowed to reaches one host through it, and nothing else."""
