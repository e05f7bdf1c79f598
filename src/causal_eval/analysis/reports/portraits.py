"""One causal profile, or several side by side, as text or Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from causal_eval.analysis.profiling.portrait import CausalProfile
from causal_eval.analysis.reports.beside import beside_lines, beside_names
from causal_eval.analysis.reports.markdown import beside_parts, profile_parts
from causal_eval.analysis.reports.profiling import profile_lines


def portraits_said(runs: Sequence[str], found: Sequence[CausalProfile], *, is_markdown: bool) -> str:
    """The profiles of *runs*, in their order; a single one in full."""
    if len(found) == 1:
        return "\n\n".join(profile_parts(found[0])) if is_markdown else "\n".join(profile_lines(found[0]))
    named = dict(zip(beside_names([one.answerer for one in found], runs), found, strict=True))
    return "\n\n".join(beside_parts(named)) if is_markdown else "\n".join(beside_lines(named))
