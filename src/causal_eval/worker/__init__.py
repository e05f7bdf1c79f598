"""The process that carries out shards: a thin door. Knows signals, its heartbeat and when it must stop.

What is done for a shard stands in ``performing`` and ``evaluation``. It must not know HTTP, HTML or a terminal.
"""
