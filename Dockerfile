# One image serves app, worker and migrate; the target `backup` adds PostgreSQL's own programs. docker/build.sh
# (`make docker`) builds it, with BuildKit or without.
#
# BASE is any Debian 12 with Python 3.11: the public image, or one made of Debian's packages. Wheels that lie in
# docker/wheels/ are preferred, and with PIP_NO_INDEX=1 nothing is fetched at all (docs/guides/deploy.md).
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ARG PIP_NO_INDEX=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_FIND_LINKS=/wheels PIP_ROOT_USER_ACTION=ignore
COPY docker/wheels /wheels
COPY requirements/service.txt requirements/build.txt /src/requirements/
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --quiet --require-hashes --no-deps --only-binary :all: -r /src/requirements/service.txt \
 && python3 -m venv /build \
 && /build/bin/pip install --quiet --require-hashes --no-deps -r /src/requirements/build.txt
COPY pyproject.toml README.md LICENSE /src/
COPY src /src/src
COPY docker/sbom.py docker/healthcheck.py /src/docker/
# pip leaves at the end: what runs cannot install anything.
ARG REVISION=unknown
RUN printf '%s' "$REVISION" > /src/src/causal_eval/build.txt \
 && /build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /dist /src \
 && /opt/venv/bin/pip install --quiet --no-deps --no-index /dist/*.whl \
 && /opt/venv/bin/pip uninstall --quiet --yes setuptools pip \
 && cp /src/docker/healthcheck.py /opt/venv/healthcheck.py \
 && /opt/venv/bin/python -m compileall -q /opt/venv/lib \
 && /opt/venv/bin/python /src/docker/sbom.py > /opt/venv/sbom.cdx.json

FROM ${BASE} AS app
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Causal Eval Bench" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
# Any account may run it whose group is 0, as platforms that choose the account have it; 10001 where nobody chooses.
RUN useradd --uid 10001 --gid 0 --no-create-home --home-dir /var/lib/causal-eval --shell /usr/sbin/nologin causal-eval \
 && install -d -o 10001 -g 0 -m 2770 /var/lib/causal-eval /var/lib/causal-eval/wal /var/lib/causal-eval/backups /var/lib/causal-eval/scratch \
 && install -d -o 10001 -g 0 -m 2770 /var/lib/causal-eval/incidents && install -d -o 10001 -g 0 -m 2775 /var/lib/causal-eval/status \
 && install -d -m 0755 /etc/causal-eval /run/keys
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/var/lib/causal-eval \
    CEB_DATA_DIR=/var/lib/causal-eval \
    CEB_CACHE_DIR=/tmp/causal-eval \
    CEB_REPORT_DIR=/var/lib/causal-eval/reports
WORKDIR /etc/causal-eval
USER 10001:0
EXPOSE 8000 9101
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["python", "/opt/venv/healthcheck.py", "8000", "/health/live"]
ENTRYPOINT ["causal-eval"]
CMD ["app", "--host", "0.0.0.0"]

# Backups of a server need the server's own programs, of the same major version: Debian 12's is 15.
FROM app AS backup
USER 0
RUN command -v /usr/lib/postgresql/15/bin/pg_basebackup >/dev/null \
 || (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends postgresql-15 \
     && rm -rf /var/lib/apt/lists/*)
ENV PATH=/opt/venv/bin:/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin
USER 10001:0
HEALTHCHECK NONE
CMD ["backup", "every", "24h"]

# What is built when no target is named.
FROM app
