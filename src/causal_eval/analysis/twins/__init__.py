"""What linked questions tell that a score does not: how answers move where one thing was turned, or must not be.

Pure functions over answers with their questions; every number has a clustered interval.
"""
