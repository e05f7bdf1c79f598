"""The playground's drawing: by mouse, by touch and by keyboard, always in step with the text that is sent."""

from __future__ import annotations

from typing import Any

import pytest
from tests.browser.hands import Keyboard, Mouse, choose, follow, replace
from tests.browser.test_pages import AUDIT, AXE

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
TEXT = "document.querySelector('#f-graph').value"
EDGES = "[...document.querySelectorAll('#drawing [data-edge]')].length"


@pytest.fixture
async def page(tab: Any, site: str) -> Any:
    """The playground with an empty text."""
    await tab.size(1280)
    await tab.go(f"{site}/playground")
    await _type(tab, "")
    return tab


async def _type(tab: Any, words: str) -> None:
    await Mouse().enter(tab, "#f-graph")
    await tab.run("document.activeElement.select()")
    if words:
        await tab.write(words)
    else:
        await tab.press("Backspace", 8)


async def _tool(tab: Any, name: str) -> None:
    await Mouse().press(tab, f"#drawing [data-{name}]")


async def _drag(tab: Any, one: str, other: str) -> None:
    """From a node to another with the button held."""
    await tab.where("#drawing svg")
    start, end = await tab.where(f"[data-node='{one}']"), await tab.where(f"[data-node='{other}']")
    await tab.mouse("mousePressed", start)
    for part in (0.3, 0.6, 1):
        at = (start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]))
        await tab.mouse("mouseMoved", at)
    await tab.mouse("mouseReleased", end)


async def test_a_graph_is_drawn_by_mouse_and_asked(page: Any) -> None:
    """Nodes, arrows and a hidden cause go into the text, what is deleted leaves it, and the text's graph is solved."""
    for _ in range(3):
        await _tool(page, "act=add")
    assert await page.run(TEXT) == "node A, B, C"
    await _tool(page, "tool=arrow")
    await _drag(page, "C", "A")
    await _drag(page, "C", "B")
    await _drag(page, "A", "B")
    assert await page.run(TEXT) == "A -> B\nC -> A, B"
    await _tool(page, "tool=both")
    await _drag(page, "A", "B")
    assert await page.run(TEXT) == "A -> B\nC -> A, B\nA <-> B"
    await _tool(page, "tool=delete")
    await page.click(await page.where("[data-both='1'] .edge"))
    assert await page.run(TEXT) == "A -> B\nC -> A, B"
    for field, name in (("#f-X", "A"), ("#f-Y", "B")):
        await Mouse().enter(page, field)
        await page.run("document.activeElement.select()")
        await page.write(name)
    await follow(page, Mouse(), "main form[action='/playground'] button.primary")
    assert await page.run("document.querySelector('p.answer').textContent") == "{C}"
    assert await page.run(TEXT) == "A -> B\nC -> A, B"
    await _tool(page, "tool=delete")
    await page.click(await page.where("[data-node='C']"))
    assert await page.run(TEXT) == "A -> B"
    assert page.complaints == []


async def test_a_node_is_moved_by_mouse_and_stays_there(page: Any) -> None:
    """It goes where it is dragged, also after the page was loaded anew, and the text is what it was."""
    await _type(page, "A -> B")
    frame = await page.where("#drawing svg")
    before = await page.where("[data-node='A']")
    await page.mouse("mousePressed", before)
    end = (frame[0] - 150, frame[1] + 60)
    for at in ((frame[0], frame[1]), end):
        await page.mouse("mouseMoved", at)
    await page.mouse("mouseReleased", end)
    moved = await page.where("[data-node='A']")
    assert abs(moved[0] - end[0]) + abs(moved[1] - end[1]) < 4
    assert await page.run(TEXT) == "A -> B"
    kept = await page.run("JSON.parse(sessionStorage.getItem('causal-eval-places')).A")
    await page.go(await page.run("location.href.split('#')[0]"))
    await _type(page, "A -> B")
    assert await page.run("JSON.parse(sessionStorage.getItem('causal-eval-places')).A") == kept


async def test_typing_draws(page: Any) -> None:
    """Each line is drawn as it is typed; a line that says no edge yet leaves the drawing as it was."""
    await _type(page, "Z -> X, Y\nX <- W; X <-> Y\nlatent Z")
    assert await page.run(EDGES) == 4
    assert await page.run("document.querySelector('#drawing .latent').dataset.node") == "Z"
    await _type(page, "Z -> X, Y\nX =")
    assert await page.run(EDGES) == 4
    assert await page.run("document.querySelector('#drawing').classList.contains('stale')")
    assert "waits" in await page.run("document.querySelector('#drawing [role=status]').textContent")


async def test_a_graph_is_drawn_by_keyboard(page: Any) -> None:
    """Add, name, join, move and delete without a pointer; focus stays on the node, and the form is not sent."""
    keys = Keyboard()
    for name in ("Rain", "Wet"):
        await keys.press(page, "#drawing [data-act=add]")
        await keys.enter(page, "#drawn-name")
        await page.run("document.activeElement.select()")
        await page.write(name)
        await page.press("Enter", 13, typed="\r")
    assert await page.run(TEXT) == "node Rain, Wet"
    await keys.press(page, "#drawing [data-tool=arrow]")
    await keys.press(page, "[data-node=Rain]")
    await keys.press(page, "[data-node=Wet]")
    assert await page.run(TEXT) == "Rain -> Wet"
    assert await page.run("document.querySelector('#drawing [role=status]').textContent") == "Rain → Wet is drawn."
    before = await page.run("document.activeElement.querySelector('rect').getAttribute('x')")
    await page.press("ArrowLeft", 37)
    assert float(await page.run("document.activeElement.querySelector('rect').getAttribute('x')")) == float(before) - 10
    await page.press("Delete", 46)
    assert await page.run(TEXT) == "node Rain"
    assert await page.run("location.pathname") == "/playground"


async def test_what_was_drawn_is_taken_back_and_done_again_by_mouse(page: Any) -> None:
    """Each press takes one step back, also the place of a node and a typed text; a new step ends what lay ahead."""
    await _type(page, "A -> B")
    await _tool(page, "act=add")
    await _tool(page, "tool=arrow")
    await _drag(page, "C", "B")
    await _tool(page, "tool=delete")
    await page.click(await page.where("[data-node='A']"))
    seen = [await page.run(TEXT)]
    for _ in range(3):
        await _tool(page, "act=undo")
        seen.append(await page.run(TEXT))
    assert seen == ["C -> B", "A -> B\nC -> B", "A -> B\nnode C", "A -> B"]
    await _tool(page, "act=redo")
    assert await page.run(TEXT) == "A -> B\nnode C"
    assert await page.run("document.querySelector('#drawing [data-act=redo]').ariaDisabled") == "false"
    await _tool(page, "tool=move")
    await _drag(page, "A", "B")
    moved = await page.where("[data-node='A']")
    assert await page.run("document.querySelector('#drawing [data-act=redo]').ariaDisabled") == "true"
    await _tool(page, "act=undo")
    assert await page.where("[data-node='A']") != moved
    assert await page.run(TEXT) == "A -> B\nnode C"


async def test_what_was_drawn_is_taken_back_and_done_again_by_keys(page: Any) -> None:
    """Ctrl+Z and Ctrl+Y in the drawing, beside its name and in the text, which no browser's own undo garbles."""
    keys = Keyboard()
    for _ in range(2):
        await keys.press(page, "#drawing [data-act=add]")
    await _with_control(page, "z")
    assert await page.run(TEXT) == "node A"
    assert await page.run("document.querySelector('#drawing [role=status]').textContent") == "Undone."
    await _with_control(page, "y")
    assert await page.run(TEXT) == "node A, B"
    await keys.enter(page, "[data-node=B]")
    await page.press("Delete", 46)
    await keys.press(page, "#drawing [data-act=undo]")
    assert await page.run(TEXT) == "node A, B"
    await keys.press(page, "#drawing [data-act=redo]")
    assert await page.run(TEXT) == "node A"
    await keys.enter(page, "[data-node=A]")
    await page.press("Enter", 13, typed="\r")
    await keys.enter(page, "#drawn-name")
    await _with_control(page, "z")
    assert await page.run(TEXT) == "node A, B"
    await Mouse().enter(page, "#f-graph")
    await _with_control(page, "z")
    assert await page.run(TEXT) == "node A"
    assert page.complaints == []


async def _with_control(tab: Any, letter: str) -> None:
    for kind in ("rawKeyDown", "keyUp"):
        code = ord(letter.upper())
        await tab.call("Input.dispatchKeyEvent", type=kind, key=letter, windowsVirtualKeyCode=code, modifiers=2)


async def test_a_graph_is_drawn_by_touch_on_a_phone(page: Any) -> None:
    """At 390 px fingers join and move nodes, nothing is wider than the window, and axe finds nothing."""
    await page.size(390, 800)
    await page.call("Emulation.setTouchEmulationEnabled", enabled=True)
    await _type(page, "A -> B\nnode C")
    await _tool(page, "tool=arrow")
    await page.where("#drawing svg")
    start, end = await page.where("[data-node='C']"), await page.where("[data-node='B']")
    for kind, at in (("touchStart", start), ("touchMove", (start[0], start[1] + 20)), ("touchMove", end)):
        await page.call("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": at[0], "y": at[1]}])
    await page.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    assert await page.run(TEXT) == "A -> B\nC -> B"
    assert await page.run("document.documentElement.scrollWidth <= innerWidth")
    await page.run(f"{AXE};0")
    assert await page.run(AUDIT) == []


async def test_numbers_are_asked_of_a_drawn_graph(page: Any) -> None:
    """With a model beside the graph any query of ``solve`` is answered."""
    await _type(page, "X -> Y")
    await page.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    scm = '{"cpts": {"X": {"parents": [], "table": {"": ["1/2", "1/2"]}}, '
    scm += '"Y": {"parents": ["X"], "table": {"0": ["3/4", "1/4"], "1": ["1/4", "3/4"]}}}}'
    for field, words in (("#f-scm", scm), ("#f-more", '{"event": {"Y": 1}, "do": {"X": 1}}')):
        await Mouse().enter(page, field)
        await replace(page, words)
    for field in ("#f-X", "#f-Y"):
        await Mouse().enter(page, field)
        await page.run("document.activeElement.select()")
        await page.press("Backspace", 8)
    await Mouse().enter(page, "#f-kind")
    await choose(page, "Probability after")
    await follow(page, Mouse(), "main form[action='/playground'] button.primary")
    assert await page.run("document.querySelector('p.answer').textContent") == "3/4"
