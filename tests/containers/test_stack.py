"""The stack of docker-compose.yml for real: the runbook's own lines, and what becomes of the wrong ones."""

from __future__ import annotations

import json

from tests.containers.standing import Stack


def of_app(stack: Stack, what: str) -> list[str]:
    """What ``docker inspect`` says of each replica."""
    return stack.run(f"docker inspect --format '{what}' $(docker-compose ps --quiet app)").split("\n")[:-1]


def test_the_runbooks_lines_work(stack: Stack) -> None:
    """Looking at things ends by itself, and says something."""
    stack.until(lambda: "(healthy)" in stack.run("docker-compose ps app"), "the app is healthy")
    shown = stack.run("docker-compose ps")
    for name in ("app", "worker", "postgres", "redis", "nginx"):
        assert f"causal-eval-{name}-1" in shown
    assert "Causal Eval Bench at" in stack.run("docker-compose logs app")
    assert "app-1" in stack.run("docker-compose logs app | tail -100")
    assert "app" in stack.run("docker stats --no-stream")
    assert "ready to accept connections" in stack.run("docker-compose logs postgres")
    assert json.loads(stack.run("curl -sS -m 5 -f http://localhost:8000/health"))["status"] == "ok"
    assert "used_memory" in stack.run("docker-compose exec -T redis redis-cli info memory")


def test_an_address_that_is_not_there_is_an_error(stack: Stack) -> None:
    """Metrics are for Prometheus alone; curl ends with 22."""
    stack.run("curl -sS -m 5 -f http://localhost:8000/metrics", fails=True)


def test_emptying_redis_does_no_harm(stack: Stack) -> None:
    """An operator may; the program itself may not, and nobody without a password."""
    assert "OK" in stack.run("docker-compose exec -T redis redis-cli flushall")
    assert stack.answers()
    program = (
        'docker-compose exec -T redis sh -c "REDISCLI_AUTH=$(cat docker/secrets/redis_password) '
        '/usr/bin/redis-cli --user app flushall"'
    )
    assert "NOPERM" in stack.run(program)
    assert "NOAUTH" in stack.run("docker-compose exec -T redis /usr/bin/redis-cli flushall")


def test_the_database_is_as_the_runbook_needs_it(stack: Stack) -> None:
    """Checksums, a superuser over reserved slots, statistics, and a log that is kept."""
    ask = "docker-compose exec -T postgres psql -At -d causal_eval_bench -c"
    assert stack.run(f"{ask} 'show data_checksums'").strip() == "on"
    assert stack.run(f"{ask} 'show superuser_reserved_connections'").strip() == "5"
    statements = f"{ask.replace('causal_eval_bench', 'postgres')} 'select count(*) from pg_stat_statements'"
    assert int(stack.run(statements)) > 0
    stack.run(f"{ask} 'select pg_switch_wal()'")
    archived = f"{ask} 'select archived_count > 0 and failed_count = 0 from pg_stat_archiver'"
    stack.until(lambda: stack.run(archived).strip() == "t", "the log is archived")


def test_nothing_runs_as_root_or_writes_where_it_may_not(stack: Stack) -> None:
    """Of every container that runs."""
    for name in ("app", "worker", "postgres", "redis", "nginx"):
        assert stack.run(f"docker-compose exec -T {name} id -u").strip() != "0"
        stack.run(f"docker-compose exec -T {name} touch /usr/probe", fails=True)


def test_a_limit_holds(stack: Stack) -> None:
    """What the compose file says is what the engine enforces."""
    assert set(of_app(stack, "{{.HostConfig.Memory}}")) == {str(1024**3)}


def test_a_restart_restores_service(stack: Stack) -> None:
    """With another address behind it, the front finds the app again."""
    stack.run("docker-compose restart app")
    stack.until(stack.answers, "8000 answers after a restart")


def test_the_runbooks_scaling_works_in_the_background(stack: Stack) -> None:
    """With `-d`; without it Ctrl-C would stop everything, and the next `up` goes back to one."""
    stack.run("docker-compose up -d --scale app=2")
    assert len(of_app(stack, "{{.Id}}")) == 2
    stack.run("docker-compose up -d")
    assert len(of_app(stack, "{{.Id}}")) == 1


def test_what_make_types_works(stack: Stack) -> None:
    """On containers as on processes: everything ends by itself, and what is shown has no prefix."""
    assert stack.run("causal-eval stack logs app | tail -100").splitlines()[-1].startswith("20")
    assert "ready to accept" in stack.run("causal-eval stack logs postgres")
    assert stack.run("echo 'select 40 + 2' | causal-eval stack psql").split()[2] == "42"
    assert "43" in stack.run("causal-eval stack psql -- 'select 40 + 3'")
    assert "/etc/causal-eval" in stack.run("echo pwd | causal-eval stack shell")
    assert "causal-eval-app-1" in stack.run("causal-eval stack stats")
    of_one = stack.run("causal-eval stack stats postgres")
    assert "causal-eval-postgres-1" in of_one
    assert "causal-eval-app-1" not in of_one
    assert "causal-eval-app-1" in stack.run("causal-eval stack status")
    stack.run("causal-eval stack run -- invariants")


def test_a_replaced_key_is_seen(stack: Stack) -> None:
    """Though the file is another one: its folder is mounted."""
    keys = "docker/secrets/keys"
    stack.run(f"printf 'sk-new\\n' > {keys}/.new && chmod 444 {keys}/.new && mv {keys}/.new {keys}/openai")
    assert stack.run("docker-compose exec -T worker cat /run/keys/openai") == "sk-new\n"


def test_three_replicas_share_the_requests(stack: Stack) -> None:
    """The number outlives a plain `up`; each replica gets some."""
    stack.run("bash docker/scale.sh app 3")
    stack.run("docker-compose up -d")
    assert len(of_app(stack, "{{.Id}}")) == 3
    stack.until(lambda: set(of_app(stack, "{{.State.Health.Status}}")) == {"healthy"}, "three are healthy")
    for _ in range(30):
        assert stack.answers()
    lines = stack.run("docker-compose logs --no-log-prefix --tail 30 nginx").splitlines()
    asked = {part for line in lines for part in line.split() if part.startswith("upstream=")}
    assert len(asked) == 3


def test_replicas_are_restarted_one_after_another(stack: Stack) -> None:
    """Nobody who asks meanwhile is turned away, and what changed of the environment is taken up."""
    before = set(of_app(stack, "{{.Id}}"))
    ask = "curl -sS -m 5 -f -o /dev/null http://localhost:8000/health/live || echo bad"
    asking = f"while test ! -e stop; do {ask}; sleep 0.1; done"
    stack.run(f"rm -f stop; ({asking}) > asked 2>&1 &")
    stack.run("causal-eval stack restart app")
    stack.run("touch stop")
    after = set(of_app(stack, "{{.Id}} {{.State.Health.Status}}"))
    assert len(after) == 3
    assert not any(line.startswith(tuple(before)) or not line.endswith(" healthy") for line in after)
    assert stack.run("cat asked") == ""


def test_a_killed_replica_costs_nobody_a_request(stack: Stack) -> None:
    """The others answer meanwhile, and it comes back by itself."""
    first = of_app(stack, "{{.Id}} {{.State.Pid}}")[0].split()
    stack.run(f"kill -9 {first[1]}")
    for _ in range(10):
        assert stack.answers()
    told = f"docker inspect --format '{{{{.RestartCount}}}} {{{{.State.Status}}}}' {first[0]}"
    stack.until(lambda: stack.run(told).split() == ["1", "running"], "it comes back")


def test_the_runbooks_rollback_is_refused_and_ours_works(stack: Stack) -> None:
    """`--image` is no flag; docker/rollback.sh runs the image before, and only once that is healthy."""
    assert "unknown flag" in stack.run("docker-compose up -d --image previous-tag", fails=True)
    before = stack.run("docker image inspect --format '{{.Id}}' causal-eval-bench:previous").strip()
    stack.run("bash docker/scale.sh app 1")
    stack.run("bash docker/rollback.sh")
    assert set(of_app(stack, "{{.Image}} {{.State.Health.Status}}")) == {f"{before} healthy"}
    assert stack.answers()
