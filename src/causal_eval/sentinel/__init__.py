"""The sentinel's process: a loop that looks, an address that listens, and signals that end it.

It knows ``incidents`` alone. It must not know the store, the service or the API: it is there when they are not.
"""
