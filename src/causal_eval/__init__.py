"""Causal Eval Bench: causal questions with proof, runs that lose nothing, answers about models.

For notebooks and scripts, loaded when first asked for: ``open_run``, ``runs``, ``compare``, ``plan``, ``variance``,
``calibration``, ``diagnose``, ``profile`` and ``profiles`` (room ``notebook``).
"""

__version__ = "0.1.0"

_NOTEBOOK = (
    "Run", "calibration", "compare", "diagnose", "open_run", "plan", "profile", "profiles", "runs", "variance",
)  # fmt: skip


def __getattr__(name: str) -> object:
    """What the room ``notebook`` offers, loaded now: the rest of the program never pays for it (PEP 562)."""
    if name not in _NOTEBOOK:
        raise AttributeError(f"module 'causal_eval' has no attribute {name!r}; for notebooks: {', '.join(_NOTEBOOK)}")
    return getattr(__import__("causal_eval.notebook", fromlist=[name]), name)
