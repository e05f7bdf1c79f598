"""Notebooks run as Jupyter would run them, in this process; ``python -m tests.notebook.executing`` keeps their outputs.

A cell is Python; the value of its last expression is shown by its ``_repr_html_``, ``_repr_markdown_`` and ``repr``.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "docs" / "notebooks").glob("*.ipynb"))


def executed(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with the outputs of all its cells, run one after the other in one namespace.

    Raises whatever a cell raises.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    cells, count = [], 0
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            cells.append(cell)
            continue
        count += 1
        outputs = _outputs("".join(cell["source"]), names, count=count)
        cells.append({**cell, "execution_count": count, "outputs": outputs})
    return {**notebook, "cells": cells}


def _outputs(source: str, names: dict[str, Any], *, count: int) -> list[dict[str, Any]]:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    said, value = io.StringIO(), None
    with contextlib.redirect_stdout(said):
        exec(compile(tree, "<cell>", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    found: list[dict[str, Any]] = []
    if said.getvalue():
        found.append({"name": "stdout", "output_type": "stream", "text": said.getvalue().splitlines(keepends=True)})
    if value is not None:
        found.append({"data": _shown(value), "execution_count": count, "metadata": {}, "output_type": "execute_result"})
    return found


def _shown(value: object) -> dict[str, list[str]]:
    data = {"text/plain": str(value).splitlines(keepends=True)}
    for kind, method in (("text/html", "_repr_html_"), ("text/markdown", "_repr_markdown_")):
        if hasattr(value, method):
            data[kind] = getattr(value, method)().splitlines(keepends=True)
    return data


def main() -> None:
    """Run every notebook in a folder of its own, and keep the outputs in its file."""
    home = tempfile.mkdtemp()
    os.environ.update(CEB_DATA_DIR=f"{home}/data", CEB_REPORT_DIR=f"{home}/reports", CEB_CACHE_DIR=f"{home}/cache")
    for path in NOTEBOOKS:
        notebook = executed(json.loads(path.read_text("utf-8")))
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")
        sys.stdout.write(f"{path.name}: {len(notebook['cells'])} cells\n")


if __name__ == "__main__":
    main()
