"""What incidents do to results: copies of them in the database, marks on results, the score with and without those.

Knows the store, analysis, and the frozen form in which an incident is told (``incidents.view``). It must not know the
file of incidents, the sentinel's process, routes, HTML or a terminal. It adds rows, and rewrites no result.
"""
