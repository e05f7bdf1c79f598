"""The documentation builds without a warning, every link leads somewhere, nothing is loaded from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest


class Page(HTMLParser):
    """What a page links to, what it loads, and the places in it that can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what *tag* says."""
        values = dict(attrs)
        if values.get("id"):
            self.ids.add(str(values["id"]))
        if tag == "a" and values.get("href"):
            self.links.append(str(values["href"]))
        if tag in {"script", "img", "iframe", "source"} and values.get("src"):
            self.loads.append(str(values["src"]))
        if (
            tag == "link"
            and values.get("href")
            and values.get("rel") in {"stylesheet", "icon", "preload", "preconnect"}
        ):
            self.loads.append(str(values["href"]))


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(folder / ".trees")]
    done = subprocess.run(
        [*command, str(root / "docs"), str(folder / "html")], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


def dead(site: Path) -> Iterator[str]:
    """Every link within the site that leads nowhere."""
    pages = {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            to = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not to.exists() or (parts.fragment and to in pages and unquote(parts.fragment) not in pages[to].ids):
                yield f"{path.relative_to(site)}: {link}"


@pytest.mark.slow
def test_every_link_leads_somewhere(site: Path) -> None:
    """Pages and places in them exist."""
    assert not list(dead(site.resolve()))


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """No font, script or picture of another host: the site works offline and tells nobody who reads it."""
    loads = {load for path in site.rglob("*.html") for load in Page(path.read_text("utf-8")).loads}
    assert loads
    assert not [load for load in loads if urlsplit(load).netloc]
    styles = " ".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert not re.search(r"url\(['\"]?(https?:)?//", styles)


@pytest.mark.slow
def test_every_document_is_a_page(site: Path, root: Path) -> None:
    """Nothing under docs/ is left out."""
    documents = [path for path in (root / "docs").rglob("*.md") if "_build" not in path.parts]
    assert root / "docs/architecture.md" in documents
    assert not [
        path for path in documents if not (site / path.relative_to(root / "docs")).with_suffix(".html").exists()
    ]
