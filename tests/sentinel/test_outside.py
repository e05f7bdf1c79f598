"""What the sentinel learns from others: it goes into timelines and a snapshot, and whoever is silent harms nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from pathlib import Path

import aiohttp
import pytest
from tests.sentinel.running import alert, running, send, until
from tests.sentinel.shown import shown

from causal_eval.incidents import timeline
from causal_eval.incidents.book import open_book
from causal_eval.incidents.timeline import Entry, Kind
from causal_eval.sentinel.feeding import Feeding

WELL = b'{"status": "ok", "components": {"database": "ok"}}'
ILL = b'{"status": "down", "components": {"database": "down"}}'


def entries(folder: Path, kind: Kind) -> list[Entry]:
    """Those of that kind in the timeline of the first incident, if there is one."""
    book = open_book(folder / "incidents.db")
    with book.reading() as rows:
        there = rows.execute("SELECT 1 FROM incidents").fetchone()
        found = timeline.entries(rows, "INC-1") if there else []
    book.close()
    return [one for one in found if one.kind is kind]


def summary(indicator: str, name: str = "API") -> bytes:
    """What a provider says of itself."""
    status = "operational" if indicator == "none" else "partial_outage"
    components = [{"id": "c", "name": name, "status": status}]
    return json.dumps({"status": {"indicator": indicator}, "components": components, "incidents": []}).encode()


def test_an_incident_knows_what_happened_and_how_all_was(tmp_path: Path) -> None:
    """What was started before and what fails now are in its timeline, and so is the hash of a file of how all was."""
    began = time.time() - 600
    metrics = f'deployment_timestamp_seconds{{version="0.2.0"}} {began:.0f}\nread_only_mode 0\n'.encode()
    worker = b'up{job="causal-eval-worker",instance="w:1"} %d 1790000000000\n'
    with shown(health=WELL, metrics=metrics, federate=worker % 1) as there:
        settings = {
            "CEB_PROBES": f"api={there.url}/health", "CEB_WATCHED_METRICS": f"{there.url}/metrics",
            "CEB_PROMETHEUS_URL": there.url,
        }  # fmt: skip
        with running(tmp_path, **settings) as (_, address):
            until(lambda: "/metrics 200" in there.asked)
            send(address, alert("HighErrorRate", component="api", severity="P1"))
            until(lambda: bool(entries(tmp_path, Kind.SNAPSHOT)))
            until(lambda: bool(entries(tmp_path, Kind.DEPLOYMENT)))
            there.pages |= {"/health": ILL, "/federate": worker % 0}
            until(lambda: len(entries(tmp_path, Kind.HEALTH)) == 2)
            there.statuses |= {"/health": 500, "/metrics": 500}
    (version,) = entries(tmp_path, Kind.DEPLOYMENT)
    assert "version 0.2.0 was started" in version.text
    assert abs(version.happened_at - began) <= 1
    assert {one.text for one in entries(tmp_path, Kind.HEALTH)} == {
        "database: down, no longer ok", "causal-eval-worker w:1 no longer answers Prometheus",
    }  # fmt: skip
    (kept,) = entries(tmp_path, Kind.SNAPSHOT)
    body = (tmp_path / "snapshots" / str(kept.data["file"])).read_bytes()
    assert hashlib.sha256(body).hexdigest() == kept.data["sha256"]
    bundle = json.loads(body)
    assert bundle["said"]["api"]["components"] == {"database": "ok"}
    assert "read_only_mode 0" in "".join(bundle["metrics"].values())
    assert bundle["firing"] == ["HighErrorRate"]


def test_an_incident_opens_though_nobody_shows_anything(tmp_path: Path) -> None:
    """Who hangs or refuses holds nothing up: it is opened at once, and its snapshot says who was silent."""
    with shown() as there:
        settings = {
            "CEB_PROMETHEUS_URL": "http://127.0.0.1:9", "CEB_PROBES": f"worker={there.url}/nowhere",
            "CEB_WATCHED_METRICS": f"{there.url}/nothing", "CEB_STATUS_FEEDS": "openai=http://127.0.0.1:9/s.json",
        }  # fmt: skip
        with running(tmp_path, **settings) as (_, address):
            began = time.monotonic()
            assert send(address, alert()) == {"incidents": ["INC-1"]}
            assert time.monotonic() - began < 5
            until(lambda: bool(entries(tmp_path, Kind.SNAPSHOT)))
    (kept,) = entries(tmp_path, Kind.SNAPSHOT)
    bundle = json.loads((tmp_path / "snapshots" / str(kept.data["file"])).read_bytes())
    assert "prometheus" in bundle["silent"]
    assert kept.data["health"] == "not known"


def test_a_provider_says_of_itself(tmp_path: Path) -> None:
    """Its incident has it in its timeline, and the status page beside the model providers."""
    page = tmp_path / "status" / "index.html"
    with shown(feed=summary("major", "Chat <b>API</b>")) as there:
        with running(tmp_path, CEB_STATUS_FEEDS=f"openai={there.url}/feed") as (_, address):
            until(lambda: page.is_file() and "openai says of itself: major" in page.read_text("utf-8"))
            send(address, alert("ModelAPIFailing", component="model_api", provider="openai"))
        with running(tmp_path, CEB_STATUS_FEEDS=f"openai={there.url}/feed"):
            until(lambda: bool(entries(tmp_path, Kind.PROVIDER)))
    assert "partial_outage" in entries(tmp_path, Kind.PROVIDER)[0].text
    assert "<b>" not in page.read_text("utf-8")


@pytest.mark.anyio
async def test_a_feed_that_did_not_change_is_not_sent_again(tmp_path: Path) -> None:
    """It is asked by its etag; what is no feed, too large, moved or silent changes nothing of what is known."""
    book = open_book(tmp_path / "incidents.db")
    with shown(one=summary("minor"), two=b"<html>") as there:
        feeding = Feeding(
            book, {"one": f"{there.url}/one", "two": f"{there.url}/two", "three": f"{there.url}/gone"}, time.time
        )
        async with aiohttp.ClientSession() as session:
            await feeding.look(session)
            await feeding.look(session)
            assert [asked for asked in there.asked if asked.startswith("/one")] == ["/one 200", "/one 304"]
            assert feeding.silent == {"two", "three"}
            for status, body in ((302, b""), (500, b""), (200, b" " * 2**21)):
                there.statuses["/one"], there.pages["/one"] = status, body
                await feeding.look(session)
                assert feeding.silent == {"one", "two", "three"}
            assert "/elsewhere 404" not in there.asked
            there.pages["/one"] = summary("none")
            await asyncio.gather(feeding.look(session), feeding.look(session))
            assert "one" not in feeding.silent
    book.close()
