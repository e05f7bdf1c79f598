"""The run: who is asked what, in which order, how the reply is kept, and when it stops.

Knows questions, answerers and the ledger protocol. It must not know where a ledger keeps its rows, how a provider
talks to its server, or how results are shown: it writes to a :class:`~causal_eval.evaluation.ledger.Ledger` and
tells a listener.
"""
