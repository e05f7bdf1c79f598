"""Counts of outcomes that the database keeps beside the rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from causal_eval.store.tallies import statements

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_FILL = """
    INSERT INTO tallies (evaluation_id, part, what, n)
    SELECT a.evaluation_id, 0, coalesce(v.mark, 'ungraded'), count(*)
    FROM attempts a
    LEFT JOIN (SELECT attempt_id, max(id) AS id FROM verdicts GROUP BY attempt_id) AS newest ON newest.attempt_id = a.id
    LEFT JOIN verdicts v ON v.id = newest.id
    GROUP BY 1, 3
    UNION ALL
    SELECT a.evaluation_id, 0, 'verdicts', count(*) FROM verdicts v JOIN attempts a ON a.id = v.attempt_id GROUP BY 1
    UNION ALL
    SELECT f.evaluation_id, 0, 'failures', count(*) FROM failures f GROUP BY 1
"""


def upgrade() -> None:
    """Make the table, count what is there, and have triggers count from now on, whichever version writes."""
    op.create_table(
        "tallies",
        sa.Column("evaluation_id", sa.String(length=32), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name="fk_tallies_evaluation_id_evaluations", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("evaluation_id", "part", "what", name="pk_tallies"),
        sqlite_with_rowid=False,
    )
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if on_postgresql:  # nobody adds between the counting and the triggers; readers go on
        op.execute("LOCK TABLE attempts, verdicts, failures IN SHARE ROW EXCLUSIVE MODE")
    op.execute(_FILL)
    for statement in statements("postgresql" if on_postgresql else "sqlite"):
        op.get_bind().exec_driver_sql(statement)
