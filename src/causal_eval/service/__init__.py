"""What is offered, whoever asks: who may do what, evaluations and their jobs, results; the doors add only their form.

Knows the rooms before it and joins them. It must not know HTTP, HTML, a terminal or a socket: ``api``, ``web``,
``worker`` and ``cli`` are its doors.
"""
