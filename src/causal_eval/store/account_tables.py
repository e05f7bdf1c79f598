"""Tables of who may do what: users, projects' members, keys, sessions, sealed provider keys, and the audit log."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from causal_eval.store.tables import Moment, metadata

users = Table(
    "users",
    metadata,
    Column("id", String(32), primary_key=True),
    #: In lower case.
    Column("email", String(320), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    #: ``viewer``, ``evaluator``, ``operator`` or ``admin``.
    Column("role", String(16), nullable=False),
    #: argon2id; NULL: no login by password.
    Column("password", Text),
    Column("issuer", Text),
    Column("subject", Text),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    UniqueConstraint("issuer", "subject"),
)

members = Table(
    "members",
    metadata,
    #: Who may enter which project, with the rights of his role.
    Column("project", ForeignKey("projects.id"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True, index=True),
    Column("added_at", Moment, nullable=False),
)

project_rules = Table(
    "project_rules",
    metadata,
    Column("project", ForeignKey("projects.id"), primary_key=True),
    #: Dollars by calendar month (UTC), an exact decimal; NULL: no cap.
    Column("monthly_cap", Text),
    #: Days after which what is kept is deleted; NULL: never.
    Column("retention_days", Integer),
    Column("deleted_at", Moment),
)

api_keys = Table(
    "api_keys",
    metadata,
    #: The public part of the key.
    Column("id", String(16), primary_key=True),
    #: SHA-256 of the whole key.
    Column("hash", String(64), nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    #: The only project that it opens; NULL: all of its user's.
    Column("project", ForeignKey("projects.id")),
    Column("name", Text, nullable=False),
    #: At most its user's.
    Column("role", String(16), nullable=False),
    #: JSON list of permissions that it is limited to; empty: all of its role.
    Column("scopes", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
)

sessions = Table(
    "sessions",
    metadata,
    #: SHA-256 of the cookie.
    Column("hash", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    #: What a form must send back.
    Column("csrf", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    #: When it was used last, to the minute.
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

login_failures = Table(
    "login_failures",
    metadata,
    #: Slows down one account from one address; never a lock.
    Column("account", String(320), primary_key=True),
    Column("address", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    #: Seconds since 1970.
    Column("last_at", Float, nullable=False),
)

credentials = Table(
    "credentials",
    metadata,
    #: A provider's key, sealed (envelope AES-GCM); it can be used, and never be shown again.
    Column("id", String(32), primary_key=True),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("provider", String(64), nullable=False),
    #: Scheme, host and port that it is for; another origin needs the key again.
    Column("origin", Text, nullable=False),
    #: Its last four characters where it has 12 or more, else its fingerprint.
    Column("shown", String(80), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    #: The data key, sealed with the master key ``master``.
    Column("wrapped", LargeBinary, nullable=False),
    Column("master", String(32), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Index("ix_credentials_project_provider", "project", "provider"),
)

audit = Table(
    "audit",
    metadata,
    #: Append-only, in the transaction of what it tells.
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    #: ``user:<id>``, ``key:<id>``, ``local`` or ``system``.
    Column("actor", Text, nullable=False),
    #: NULL: of no project.
    Column("project", ForeignKey("projects.id")),
    #: ``evaluation.create``, ``key.revoke`` ...
    Column("action", String(64), nullable=False),
    Column("target", Text, nullable=False),
    #: JSON; no secret, no text of a reply.
    Column("detail", Text, nullable=False),
    Column("address", String(64), nullable=False),
    #: SHA-256 over the row and the hash of the row before it.
    Column("chain", String(64), nullable=False),
    Index("ix_audit_project_id", "project", "id"),
    sqlite_autoincrement=True,
)

idempotency = Table(
    "idempotency",
    metadata,
    #: What a request with this ``Idempotency-Key`` was answered with.
    Column("actor", String(80), primary_key=True),
    Column("key", String(200), primary_key=True),
    #: SHA-256 of method, path and body: the same key for another request is refused.
    Column("request", String(64), nullable=False),
    #: NULL: the first request is still under way.
    Column("status", Integer),
    Column("body", LargeBinary),
    Column("created_at", Float, nullable=False, index=True),
)
