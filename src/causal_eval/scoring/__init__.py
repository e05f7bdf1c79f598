"""Is it right: reads an answer out of a reply and judges it, always the same way.

Knows answer specs, forms of writing and gold answers. It takes text, so that stored replies can be judged again;
it must not know providers, runs, files or the clock, and no language model decides anything here.
"""
