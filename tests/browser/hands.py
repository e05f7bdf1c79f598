"""How somebody works a page: with the mouse, or with the keyboard alone."""

from __future__ import annotations

from typing import Any, Protocol

_MOST_TABS = 120


class Hand(Protocol):
    """Presses what can be pressed, and goes to fields."""

    async def press(self, tab: Any, selector: str) -> None:
        """Follow the link, or press the button."""

    async def enter(self, tab: Any, selector: str) -> None:
        """Go to the field."""


class Mouse:
    """Points and clicks."""

    async def press(self, tab: Any, selector: str) -> None:
        """Click it."""
        await tab.until(f"document.querySelector({selector!r})")
        await tab.click(await tab.where(selector))

    async def enter(self, tab: Any, selector: str) -> None:
        """Click into it; a list is not opened, because the browser draws its lines outside of the page."""
        await tab.until(f"document.querySelector({selector!r})")
        if await tab.run(f"document.querySelector({selector!r}).matches('select')"):
            await tab.run(f"document.querySelector({selector!r}).focus()")
        else:
            await tab.click(await tab.where(selector))


class Keyboard:
    """Tab and Enter alone."""

    async def press(self, tab: Any, selector: str) -> None:
        """Tab to it, then Enter."""
        await self.enter(tab, selector)
        await tab.press("Enter", 13, typed="\r")

    async def enter(self, tab: Any, selector: str) -> None:
        """Tab to it."""
        await tab.until(f"document.querySelector({selector!r})")
        for _ in range(_MOST_TABS):
            if await tab.run(f"document.activeElement.matches({selector!r})"):
                return
            await tab.press("Tab", 9)
        raise AssertionError(f"{selector} is not reached by Tab")


async def choose(tab: Any, word: str) -> None:
    """Choose the line of the list in focus that begins with *word*."""
    for letter in word:
        await tab.press(letter, ord(letter.upper()), typed=letter)


async def replace(tab: Any, words: str) -> None:
    """Type into the field in focus, in place of what it holds."""
    await tab.run("document.activeElement.select()")
    await tab.write(words)


async def follow(tab: Any, hand: Hand, selector: str) -> None:
    """Press what leads to another page, and be there."""
    await tab.run("window.isLeft = true")
    await hand.press(tab, selector)
    await tab.until("!window.isLeft && document.readyState === 'complete'")
