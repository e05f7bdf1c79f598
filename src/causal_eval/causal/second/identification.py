"""Identifiability by c-factors: Tian and Pearl 2002 with the procedure Identify of Huang and Valtorta 2006.

P(y | do x) is identifiable iff for every district C of D = An(Y) in the graph without X, Q[C] can be computed from the
c-factor of the district of the whole graph that holds C. A set of edges is never mutilated here, and no distribution
is carried along: sets of nodes alone.
"""

from __future__ import annotations

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.districts import districts_of, without_latents
from causal_eval.causal.second.reach import cut_off, members


def effect_identified(g: Graph, x: int, *, y: int) -> bool:
    """Whether P(y | do x) is a function of the law of what is observed."""
    seen = without_latents(g)
    observed = ((1 << g.n) - 1) & ~g.latent
    wanted = _causes_within(seen, y, within=observed & ~x)
    return all(factor_identified(seen, part) for part in districts_of(seen.bidirected, wanted))


def factor_identified(seen: Graph, c: int) -> bool:
    """Whether Q[c], the law of the connected set *c* when all else is set, is a function of what is observed."""
    observed = ((1 << seen.n) - 1) & ~seen.latent
    t = next(part for part in districts_of(seen.bidirected, observed) if part & c)
    while True:
        a = _causes_within(seen, c, within=t)
        if a == c:
            return True
        if a == t:
            return False
        t = next(part for part in districts_of(seen.bidirected, a) if part & c)


def conditional_identified(g: Graph, x: int, *, y: int, z: int) -> bool:
    """Whether P(y | do x, z) is: by the largest part of *z* that might as well be set (Shpitser and Pearl 2006).

    That part is unique (their corollary 1 of rule 2), so it is collected from the last node to the first here.
    """
    done = x
    kept = z
    for node in reversed(members(z)):
        if _as_if_set(g, done, y=y, node=node, others=kept & ~(1 << node)):
            return conditional_identified(g, done | 1 << node, y=y, z=kept & ~(1 << node))
    return effect_identified(g, done, y=y | kept)


def _as_if_set(g: Graph, x: int, *, y: int, node: int, others: int) -> bool:
    """Whether seeing *node* tells of *y* what setting it would, *x* being set and *others* seen."""
    parents = [0 if x >> at & 1 else causes & ~(1 << node) for at, causes in enumerate(g.parents)]
    siblings = [0 if x >> at & 1 else beside & ~x for at, beside in enumerate(g.bidirected)]
    return cut_off(Graph(g.n, tuple(parents), tuple(siblings), g.latent), 1 << node, y, x | others)


def _causes_within(g: Graph, mask: int, *, within: int) -> int:
    """*mask* and everything in *within* with a directed path into it inside *within*."""
    while True:
        larger = mask
        for node in members(mask):
            larger |= g.parents[node] & within
        if larger == mask:
            return mask
        mask = larger


def is_hedge(g: Graph, f: int, *, f_prime: int, x: int, y: int) -> bool:
    """Whether two sets of nodes are those of a hedge for P(y | do x): definition 6 of Shpitser and Pearl 2006.

    Both are R-rooted C-forests, R those of F' without a child in it: bidirected edges connect each set inside, and
    from every node of it a directed path inside leads into R; F meets X, F' in F does not; R is in An(Y) of the graph
    without edges into X.
    """
    seen = without_latents(g)
    if f_prime & ~f or f_prime & x or not f & x or not f_prime:
        return False
    roots = sum(
        1 << node for node in members(f_prime) if not any(seen.parents[one] >> node & 1 for one in members(f_prime))
    )
    if any(len(districts_of(seen.bidirected, part)) != 1 for part in (f, f_prime)):
        return False
    if any(_causes_within(seen, roots, within=part) != part for part in (f, f_prime)):
        return False
    cut = Graph(g.n, tuple([0 if x >> node & 1 else pa for node, pa in enumerate(seen.parents)]), seen.bidirected)
    return not roots & ~_causes_within(cut, y, within=(1 << g.n) - 1)
