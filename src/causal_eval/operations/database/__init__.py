"""The database's server as its operator sees it: who is connected, what takes long, whether anything is broken.

It goes around the pool of the service: with one connection of its own, by an account that may be another one, so that
it works when the pool, or every slot of the server, is taken.
"""
