"""Looking at a run as often as one likes: intervals that hold at all times at once, and rules that stop by them.

A bet is made on every completed cluster of questions, in the run's seeded order; nothing depends on the order in which
answers arrive.
"""
