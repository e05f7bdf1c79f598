"""Node numbers that give away no role: a random permutation of a graph, and a causal order for its names."""

from __future__ import annotations

from collections.abc import Sequence

from causal_eval.seeds import Stream

Arrow = tuple[int, int]
"""(cause, effect)."""


def hidden(n: int, arrows: Sequence[Arrow], *, stream: Stream) -> tuple[list[int], list[Arrow]]:
    """A random number for each of *n* nodes, and the arrows in these numbers and in random order."""
    number = stream.shuffled(range(n))
    return number, stream.shuffled([(number[cause], number[effect]) for cause, effect in arrows])


def linear_extension(n: int, arrows: Sequence[Arrow], *, stream: Stream, late: int = -1) -> tuple[int, ...]:
    """A random order of the nodes in which every arrow leads on.

    The node *late* is held back two times in three while others could come, so that to come before it means little.
    """
    waiting = [0] * n
    effects: list[list[int]] = [[] for _ in range(n)]
    for cause, effect in arrows:
        waiting[effect] += 1
        effects[cause].append(effect)
    free = [node for node in range(n) if not waiting[node]]
    order: list[int] = []
    while free:
        if late in free and len(free) > 1 and stream.chance(2, 3):
            free.remove(late)
            taken = free.pop(stream.below(len(free)))
            free.append(late)
        else:
            taken = free.pop(stream.below(len(free)))
        order.append(taken)
        for effect in effects[taken]:
            waiting[effect] -= 1
            if not waiting[effect]:
                free.append(effect)
    return tuple(order)
