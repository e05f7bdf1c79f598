"""Whether somebody who says how sure they are is right as often as that."""
