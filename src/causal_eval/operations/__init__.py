"""Is it well: metrics, logs, health of every part, the stack, drills.

It knows the store, what was last done about backups, and the frozen events that providers and the evaluation emit; the
service tells it what happens (``service/wiring.py`` connects the two). It must not know the service, HTTP routes, HTML
or a terminal.
"""
