"""What went wrong: from the first alert to the review.

An incident is kept in a SQLite file of its own (``book``), with a timeline in which every entry seals those before it
(``timeline``). What is heard (``signals``) opens it, changes it and ends it by the rules in ``keeping``; deadlines
that pass are acted on by ``timers``; what is to be said goes through ``outbox``; the status page is a folder of files.

It must not know the store, the service or any of their databases: it works when all of them are down.
"""
