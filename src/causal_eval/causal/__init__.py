"""What is true: graphs, structural causal models, queries, and their exact answers by two independent solvers.

Knows nothing of questions, wording, providers, files, clocks or the network.
"""
