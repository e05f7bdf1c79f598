"""The status page: what the public is told, as files that any web server hands out while nothing else is up."""

from causal_eval.incidents.status.gathering import gather
from causal_eval.incidents.status.writing import write

__all__ = ["gather", "write"]
