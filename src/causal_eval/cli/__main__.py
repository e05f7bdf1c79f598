"""``python -m causal_eval.cli``: the command, where its script is not at hand."""

from causal_eval.cli.main import main

main()
