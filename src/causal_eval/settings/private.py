"""Whether a file with a secret is for whom it concerns alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from pathlib import Path


def is_private(status: os.stat_result, *, user: int, groups: Collection[int]) -> bool:
    """Whether a file of *status* is for its owner alone, or is root's and another *user* of *groups* may but read it.

    The second is what Kubernetes makes of a secret for a process that is not root.
    """
    mode = stat.S_IMODE(status.st_mode)
    return not mode & 0o077 or (status.st_uid == 0 != user and not mode & 0o037 and status.st_gid in groups)


def for_others(path: Path) -> bool:
    """Whether *path* may be read by whom it does not concern; False where files have no modes.

    Raises:
        OSError: there is no such file.
    """
    if os.name != "posix":
        return False
    return not is_private(path.stat(), user=os.geteuid(), groups={os.getegid(), *os.getgroups()})
