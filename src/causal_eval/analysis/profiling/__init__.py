"""What an answerer can do and why it fails, in figures with intervals: the causal profile, and what follows from it."""
