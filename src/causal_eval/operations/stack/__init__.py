"""The whole service on one machine without containers: real servers, replicas and a balancer under a supervisor.

It knows programs, processes, ports and files of its own folder. It must not know the service's rules, nor a terminal:
what prepares the database is handed in by the door.
"""
