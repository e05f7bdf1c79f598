"""What a worker does: a shard asked from its first question to its last, the keys of its calls, letters to webhooks.

Knows the service and the rooms before it. It must not know HTTP's routes, HTML, a terminal, or how its process was
started: ``worker`` and ``cli`` are its doors, and ``api`` and ``web`` do not reach it.
"""
