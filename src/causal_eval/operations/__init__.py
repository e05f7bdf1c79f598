"""Whether it is well: metrics, logs, health, alerts, dashboards, the stack, backups.

Knows what is stored and what providers and evaluations tell as events. Must not know the service, HTTP, pages or a
terminal: they expose what this room gathers.
"""
