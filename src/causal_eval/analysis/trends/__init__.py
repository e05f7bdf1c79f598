"""A model that is measured again and again: when it changed, whether it drifts, and whether it still is the same."""
