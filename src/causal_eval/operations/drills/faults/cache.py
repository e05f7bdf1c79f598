"""Faults of Redis, which holds nothing durable."""

from __future__ import annotations

from causal_eval.operations.drills.ground import Ground

PAUSE_MS = "600000"


def end_redis(ground: Ground) -> None:
    """It is stopped."""
    ground.stop("redis")


def start_redis(ground: Ground) -> None:
    """`make restart S=redis`."""
    ground.command("stack", "restart", "redis")


def flush_redis(ground: Ground) -> None:
    """Everything in it is gone."""
    ground.redis("FLUSHALL")


def fill_redis(ground: Ground) -> None:
    """It takes nothing more."""
    ground.redis("CONFIG", "SET", "maxmemory", "1mb", "maxmemory-policy", "noeviction")


def empty_redis(ground: Ground) -> None:
    """It takes again what it took."""
    ground.redis("CONFIG", "SET", "maxmemory", "128mb", "maxmemory-policy", "allkeys-lru")


def pause_redis(ground: Ground) -> None:
    """It takes connections, and answers nobody but its administrator."""
    ground.redis("CLIENT", "PAUSE", PAUSE_MS, "ALL")


def wake_redis(ground: Ground) -> None:
    """`make restart S=redis`: what hangs is not asked."""
    ground.command("stack", "restart", "redis")


def not_watched(ground: Ground) -> str:
    """Whether nothing looks into Redis here."""
    is_watched = "redis-exporter" in ground.plan.ports
    return "" if is_watched else "redis_exporter is not installed (Debian: prometheus-redis-exporter)"
