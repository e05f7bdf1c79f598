"""Faults of the model API, and of the keys for it."""

from __future__ import annotations

import time
from pathlib import Path

from causal_eval.operations.drills.ground import QUESTIONS, Ground
from causal_eval.operations.drills.provider import Provider
from causal_eval.operations.stack.raising import wait_for

PROVIDER = "openai"
OTHER_KEY = "sk-drill-another-key-of-nobody"
FURTHER = 20
HEEDED = 8.0
"""Seconds within which workers heed a switch."""


def limit_calls(ground: Ground) -> None:
    """It answers 429, and asks to wait a second."""
    ground.api.weather("rate-limit:seconds=1")


def fail_calls(ground: Ground) -> None:
    """It answers 500."""
    ground.api.weather("server-error")


def cut_calls(ground: Ground) -> None:
    """It cuts connections."""
    ground.api.weather("reset")


def garble_calls(ground: Ground) -> None:
    """What it says cannot be read."""
    ground.api.weather("garbage")


def empty_calls(ground: Ground) -> None:
    """It answers 200, and nothing."""
    ground.api.weather("empty")


def hang_calls(ground: Ground) -> None:
    """It takes requests, and never answers."""
    ground.api.weather("hang:seconds=600")


def slow_calls(ground: Ground) -> None:
    """It takes 2.5 s for each."""
    ground.api.weather(latency=2.5)


def refuse_calls(ground: Ground) -> None:
    """Nobody listens there."""
    ground.api.end()


def some_calls_fail(ground: Ground) -> None:
    """One in three fails."""
    ground.api.weather("server-error:every=3")


def mend_api(ground: Ground) -> None:
    """It is well again, and whoever ordered goes on."""
    ground.api.weather()
    ground.try_again()


def refuse_key(ground: Ground) -> None:
    """It takes another key than ours from now on."""
    ground.api.key = OTHER_KEY
    ground.api.weather()


def rotate_key(ground: Ground) -> None:
    """The new key comes into its file, which is read without a restart."""
    key_file(ground.api).write_text(f"{OTHER_KEY}\n", "utf-8")
    wait_for(lambda: False, HEEDED)
    ground.try_again()


def old_key(ground: Ground) -> None:
    """As it was: any key will do."""
    ground.api.key = ""
    ground.api.weather()


def key_file(api: Provider) -> Path:
    """Where the service reads its key."""
    return api.folder / "secrets" / "openai-key"


def slow_enough(ground: Ground) -> None:
    """It takes a second and a half for each: an evaluation takes as long as people do."""
    ground.api.weather(latency=1.5)


def quick_again(ground: Ground) -> None:
    """As it was."""
    ground.api.weather()


def switch_off(ground: Ground) -> None:
    """`causal-eval config set DISABLED_PROVIDERS`, and what was under way ends."""
    ground.command("config", "set", "DISABLED_PROVIDERS", PROVIDER, "--reason", "drill")
    wait_for(lambda: False, HEEDED)


def switch_on(ground: Ground) -> None:
    """`causal-eval config unset`."""
    quick_again(ground)
    ground.command("config", "unset", "DISABLED_PROVIDERS")


def read_only(ground: Ground) -> None:
    """`causal-eval config set READ_ONLY`."""
    ground.command("config", "set", "READ_ONLY", "true", "--reason", "drill")
    wait_for(lambda: False, HEEDED)


def writable(ground: Ground) -> None:
    """`causal-eval config unset`."""
    quick_again(ground)
    ground.command("config", "unset", "READ_ONLY")


def goes_on(ground: Ground) -> str:
    """Outcomes come all the same, if late."""
    enough = ground.kept() + FURTHER
    there = wait_for(lambda: ground.kept() >= min(enough, QUESTIONS), 60.0)
    return "" if there else f"{ground.kept()} outcomes in place of {enough}"


def waits(ground: Ground) -> str:
    """No call is made, and nothing is failed: the evaluation waits, and /api says that it is open."""
    calls, status = ground.api.books().calls, ground.evaluation(str(ground.held["evaluation"]))
    time.sleep(3.0)
    if ground.api.books().calls != calls:
        return "calls are made although the provider is switched off"
    return "" if status not in {"halted", "done", "cancelled"} else f"the evaluation is {status}: it does not wait"


def refuses_writing(ground: Ground) -> str:
    """Who reads is answered; who writes is told to come later, and it is no fault of ours."""
    written = ground.ask("POST", "/api/v1/evaluations", body=ground.wanted(1)).status
    read = ground.ask("GET", "/api/v1/evaluations?limit=1").status
    said = "" if (written, read) == (503, 200) else f"writing is answered {written}, reading {read}"
    return said or waits(ground)
