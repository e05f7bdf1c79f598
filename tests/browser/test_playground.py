"""The playground's page of every kind, asked and answered: nobody is shut out and nothing is cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from causal_eval.service.examples import examples

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
AUDIT = "axe.run().then(found => found.violations.map(one => one.id + ': ' + one.nodes[0].html))"
ASK = "document.querySelector(\"main form[action='/playground'] button.primary\").click()"
FITS = "document.documentElement.scrollWidth <= innerWidth"


MODES = [(390, False), (390, True), (1280, False), (1280, True)]


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.full)])
@pytest.mark.parametrize("place", range(len(MODES)), ids=["narrow-light", "narrow-dark", "wide-light", "wide-dark"])
async def test_every_kind_is_asked_and_answered_for_everybody(tab: Any, site: str, place: int, every: int) -> None:
    """Axe finds no violation in the answer, no page is wider than the window, and the policy stops nothing of ours.

    Before every change a third of the kinds is asked.
    """
    width, dark = MODES[place]
    await tab.size(width, dark=dark)
    for kind in list(examples())[place :: every * len(MODES)]:
        await tab.go(f"{site}/playground?kind={kind}")
        assert await tab.run(FITS), kind
        await tab.run(f"window.isOld = true; {ASK}")
        await tab.until("!window.isOld && document.readyState === 'complete' && document.querySelector('#answer')")
        await tab.run(f"{AXE};0")
        assert await tab.run(AUDIT) == [], kind
        assert await tab.run(FITS), kind
        assert tab.complaints == [], kind
