"""Rows of a run as a data frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING

from causal_eval.errors import UsageError
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.exported import Exported

if TYPE_CHECKING:
    import polars as pl

_WHOLE = frozenset({"sample", "rung", "difficulty", "input_tokens", "output_tokens"})
_REAL = frozenset({"share", "latency_ms"})
"""Fields of ``Exported`` that are numbers; ``incidents`` is a list; any other is text."""


def samples_frame(evaluation: Evaluation, rows: Iterable[Exported]) -> pl.DataFrame:
    """A row for every planned (question, sample): the fields of ``Exported`` after ``evaluation`` and ``answerer``.

    ``share`` is a float here, ``answer`` and ``right`` are JSON, ``incidents`` is a list. What only a kept reply has is
    null where there is none.

    Raises:
        UsageError: Polars is not installed.
    """
    try:
        import polars as pl  # the extra [parquet]
    except ImportError as error:
        raise UsageError("samples_df needs Polars: pip install 'causal-eval-bench[parquet]'") from error
    found = list(rows)
    kinds = {**dict.fromkeys(_WHOLE, pl.Int64()), **dict.fromkeys(_REAL, pl.Float64()), "incidents": pl.List(pl.String)}
    columns = {
        "evaluation": pl.Series([evaluation.id] * len(found), dtype=pl.String),
        "answerer": pl.Series([evaluation.spec.answerer] * len(found), dtype=pl.String),
    }
    for field in fields(Exported):
        values = [_plain(getattr(row, field.name), field.name) for row in found]
        columns[field.name] = pl.Series(values, dtype=kinds.get(field.name, pl.String()))
    return pl.DataFrame(columns)


def _plain(value: object, name: str) -> object:
    """An exact share as a float, a tuple as a list."""
    if name == "share" and value is not None:
        return float(Fraction(str(value)))
    return list(value) if isinstance(value, tuple) else value
