"""Pages in German say errors, numbers and times in German; what nobody has put into German is marked as English."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from causal_eval.analysis.intervals import Interval
from causal_eval.store.evaluations import Evaluation
from causal_eval.web.language import texts
from causal_eval.web.messages import told
from causal_eval.web.numerals import numerals

Run = Callable[..., Evaluation]
Make = Callable[..., Any]
_AT = datetime(2026, 11, 28, 20, 37, tzinfo=UTC)
_HALF = Interval(0.5, 0.004, 0.9, n=12_345, clusters=7)


@pytest.mark.parametrize(
    ("form", "value", "english", "german"),
    [
        ("percent", 0.0312, "3.1 %", "3,1 %"),
        ("count", 1_234_567, "1,234,567", "1.234.567"),
        ("points", -0.123, "\u221212.3 points", "\u221212,3 Prozentpunkte"),
        ("points", None, "–", "–"),
        ("ends", _HALF, "[0.4, 90.0]", "[0,4; 90,0]"),
        ("money", Fraction(5001, 4), "$1,250.25", "1.250,25 $"),
        ("money", None, "unknown", "unbekannt"),
        ("duration", 12_300.0, "12.3 s", "12,3 s"),
        ("moment", _AT, "2026-11-28 20:37", "28.11.2026, 20:37"),
    ],
)
def test_numbers_have_the_form_of_the_language(form: str, value: object, english: str, german: str) -> None:
    """Decimal marks, thousands, units, money and times."""
    for code, wanted in (("en", english), ("de", german)):
        said = re.sub(r"<[^>]*>", "", str(numerals(texts(code))[form](value)))
        assert said.replace("\u00a0", " ") == wanted


@pytest.mark.parametrize(
    ("fields", "place", "said"),
    [
        ({"answerer": ""}, "answerer", "Modell ist leer: nennen Sie"),
        ({"answerer": "baseline/nobody"}, "answerer", "baseline &#39;baseline/nobody&#39; ist unbekannt: meinten Sie "),
        ({"limit": "many"}, "limit", "Grenze ist &#39;many&#39;: geben Sie eine ganze Zahl an"),
        ({"priority": "101"}, "priority", "Vorrang ist 101: geben Sie 1 (zuerst) bis 100 an"),
        ({"budget": "-1"}, "budget", "Budget ist "),
        ({"questions": "nothing"}, "questions", "unbekannte Fragenmenge &#39;nothing&#39;"),
        ({"answerer": "openai/m"}, "answerer", '<span lang="en">'),
    ],
)
def test_what_cannot_be_taken_is_said_in_german(fields: dict[str, str], place: str, said: str, visitor: Make) -> None:
    """Beside the same field as in English; a message of a provider's settings is marked as English."""
    browser = visitor("evaluator")
    browser.cookies.set("ceb_language", "de")
    usual = {"answerer": "baseline/oracle", "questions": "suite:quick"}
    status, page = browser.fill("/evaluations/new", {**usual, **fields})
    found = re.search(rf'id="e-{place}">(.+?)</p>', page)
    assert status == 422
    assert found
    assert found[1].startswith(said)


@pytest.mark.parametrize(
    ("fields", "place", "said"),
    [
        ({"n": "35", "rephrased": "on"}, "n", "jede Frage erscheint in 6 Darstellungen"),
        ({"low": "4", "high": "2"}, "low", "Schwierigkeit 4 bis 2"),
        ({"kinds": "effect/x"}, "kinds", "ist unbekannt: meinten Sie"),
        ({"graph": "X->Y, Y->X"}, "graph", "hat keine kausale Ordnung"),
        ({"n": "30000"}, "n", "höchstens 20000 entstehen hier"),
    ],
)
def test_what_no_set_can_be_is_said_in_german(fields: dict[str, str], place: str, said: str, visitor: Make) -> None:
    """Beside the field of the form for a set of one's own."""
    browser = visitor("evaluator")
    browser.cookies.set("ceb_language", "de")
    answer = browser.post("/sets/new", data={"csrf": "token-of-evaluator", "what": "own", "n": "6", **fields})
    found = re.search(rf'id="e-{place}">(.+?)</p>', answer.text)
    assert answer.status_code == 422
    assert found
    assert said in found[1]


def test_error_pages_are_german(visitor: Make) -> None:
    """What is not there, what is not allowed, and a password that is wrong."""
    browser = visitor("viewer")
    browser.cookies.set("ceb_language", "de")
    assert "unbekannte Auswertung &#39;ev-0&#39;: " in browser.get("/evaluations/ev-0").text
    assert "hat die Rolle viewer: das braucht das Recht evaluate" in browser.get("/evaluations/new").text
    nobody = visitor()
    nobody.cookies.set("ceb_language", "de")
    assert "Adresse und Passwort gehören nicht zusammen" in nobody.fill("/login", {"email": "a", "password": "b"})[1]


def test_a_german_budget_has_a_comma(visitor: Make) -> None:
    """Dollars are taken as German pages write them."""
    browser = visitor("evaluator")
    browser.cookies.set("ceb_language", "de")
    fields = {"answerer": "baseline/oracle", "questions": "suite:quick", "budget": "12,50"}
    assert browser.fill("/evaluations/new", fields)[0] == 200


def test_a_page_of_numbers_is_german(visitor: Make, run: Run) -> None:
    """No share on the page has a decimal point."""
    browser = visitor("viewer")
    browser.cookies.set("ceb_language", "de")
    page = browser.get(f"/evaluations/{run().id}").text
    shares = re.findall(r"([0-9]+[.,][0-9])\u00a0%", page)
    assert shares
    assert not [share for share in shares if "." in share]


def test_what_the_server_notes_of_a_submission_is_german(visitor: Make, entered: Make) -> None:
    """Flags, and what the system itself wrote into the log."""
    browser = visitor("admin")
    browser.cookies.set("ceb_language", "de")
    page = browser.get(f"/submissions/{entered('a/one', 60)}").text
    assert "Unglaubwürdig: alles richtig, und 100% der Antworten sind Wort für Wort der Schlüssel" in page
    assert "bewertet und unterschrieben" in page
    assert "implausible" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)


def test_results_are_told_in_german(visitor: Make, run: Run) -> None:
    """The domain, the vocabulary and the kind of a question are words of the language."""
    browser = visitor("viewer")
    browser.cookies.set("ceb_language", "de")
    page = browser.get(f"/evaluations/{run().id}").text
    assert re.search("Medizin|Bildung|Technik|Wirtschaft", page)
    assert not re.search(">(medicine|education|engineering|economics|nonsense|placeholder|bad_format)<", page)


@pytest.mark.parametrize("message", ["<b>\u202e new words", "graph: line '<i>' says no edge: write Z"])
def test_a_message_cannot_run_in_any_language(message: str) -> None:
    """Tags and unseen characters of what an error names are text."""
    for code in ("en", "de"):
        said = str(told(message, code)).replace('<span lang="en">', "").replace("</span>", "")
        assert "<" not in said
        assert "\u202e" not in said
