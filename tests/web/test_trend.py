"""The page of a model over time: its runs in order, who answered, and what cannot be shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation

Run = Callable[..., Evaluation]
Make = Callable[..., Any]


def test_runs_of_a_model_in_order(visitor: Make, run: Run, service: Service) -> None:
    """Two runs of the same questions, the second answered by another by the provider's word: said, and nothing else."""
    one, other = run("openai/m"), run("openai/m", project="team")
    with service.store.writing() as connection:
        for name, found in (("m-1", one), ("m-2", other)):
            values = {"served": name, "mark": f"fp_{name}", "evaluation": found.id}
            said = "UPDATE attempts SET served = :served, fingerprint = :mark WHERE evaluation_id = :evaluation"
            connection.execute(text(said), values)
        connection.execute(
            text("UPDATE evaluations SET created_at = datetime(created_at, '+1 day') WHERE id = :id"), {"id": other.id}
        )
    browser = visitor("viewer")
    page = browser.get("/trend?answerer=openai/m")
    assert page.status_code == 200
    assert "2 measurements of the same questions" in page.text
    assert f"Perhaps another model in {other.id}: before, the provider said that m-1 answered, now m-2." in page.text
    assert f"in {other.id}: before, the provider gave the fingerprint fp_m-1, now fp_m-2." in page.text
    assert "No drift is shown" in page.text
    assert page.text.index(f'"/evaluations/{one.id}"') < page.text.index(f'"/evaluations/{other.id}"')
    assert 'href="/trend?answerer=openai/m"' in browser.get(f"/evaluations/{one.id}").text


def test_what_is_no_trend(visitor: Make, run: Run) -> None:
    """One run is none, nor is another project's; before a choice there is only the choice."""
    run("openai/m")
    assert visitor("viewer").get("/trend").status_code == 200
    assert visitor("viewer").get("/trend?answerer=openai/m").status_code == 200
    found = visitor("stranger").get("/trend?answerer=openai/m")
    assert found.status_code == 422
    assert "1 measurement" not in found.text
