"""The table of what an incident may touch is whole: each cause that the sentinel knows has a row with a reason."""

from __future__ import annotations

from causal_eval.effects.relations import ANY, Calls, relation_of, relations
from causal_eval.incidents.causes import causes


def test_every_cause_is_related() -> None:
    """None falls through to what is said of strangers, and no row of a known component goes unused."""
    known = {(one.component, one.family) for one in relations()}
    for key in causes():
        assert {(key.component, key.family), (key.component, ANY)} & known, key
    components = {key.component for key in causes()} | {"queue"}
    assert {one.component for one in relations()} == components


def test_each_row_says_why() -> None:
    """The reason is shown to whoever asks what an incident did."""
    assert all(len(one.reason) > 10 for one in relations())


def test_the_first_row_that_fits_decides() -> None:
    """One family may stand before all others; a provider's name is read from the component."""
    assert relation_of("database", "backups").calls is Calls.NONE
    assert relation_of("database", "down").calls is Calls.SERVICE
    assert relation_of("model_api:openai-api/my", "failing").provider == "openai-api/my"
    assert relation_of("model_api", "all").provider == ""
    assert relation_of("process:worker", "crashing").provider == ""
    assert relation_of("no such thing", "reported").reason == "nothing is known that relates it to calls"
