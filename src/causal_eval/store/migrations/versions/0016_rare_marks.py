"""The few lines of a rare mark by an index, in place of a walk over the evaluation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a version that does not know it leaves empty; where it is empty, readers walk as before."""
    op.add_column("verdicts", sa.Column("evaluation_id", sa.String(length=32)))
    op.create_index("ix_verdicts_evaluation_id_mark", "verdicts", ["evaluation_id", "mark"])
    op.create_index("ix_set_orders_set_digest_seed_question", "set_orders", ["set_digest", "seed", "question"])
