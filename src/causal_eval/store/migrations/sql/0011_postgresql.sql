-- A statement at a time, of each attempt, the verdict that counted before and the one that does now.
-- By an index also where a plan was made while the table was small.
-- Connections add to parts of their own, so that two that write at once do not wait for one row.
-- Statements are apart by a line of two dashes. A migration has been here: change this in a new one.
--
CREATE OR REPLACE FUNCTION tally_outcomes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO tallies (evaluation_id, part, what, n)
  SELECT evaluation_id, mod(pg_backend_pid(), 64), TG_ARGV[0], TG_ARGV[1]::int * count(*) FROM changed
  GROUP BY 1, 3 ORDER BY 1, 3
  ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = tallies.n + excluded.n;
  RETURN NULL;
END $$
--
CREATE OR REPLACE FUNCTION tally_verdicts() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan TO off AS $$ BEGIN
  INSERT INTO tallies (evaluation_id, part, what, n)
  SELECT a.evaluation_id, mod(pg_backend_pid(), 64), told.what, sum(told.n)
  FROM (SELECT attempt_id, count(*) AS added, min(id) AS first FROM changed GROUP BY attempt_id) c
  JOIN attempts a ON a.id = c.attempt_id
  CROSS JOIN LATERAL (
    SELECT coalesce((array_agg(mark ORDER BY id DESC) FILTER (WHERE id < c.first))[1], 'ungraded') AS before,
      coalesce((array_agg(mark ORDER BY id DESC))[1], 'ungraded') AS after
    FROM verdicts v WHERE v.attempt_id = c.attempt_id
  ) marked
  CROSS JOIN LATERAL (VALUES ('verdicts', c.added), (marked.before, -1), (marked.after, 1)) told(what, n)
  GROUP BY 1, 3 ORDER BY 1, 3
  ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = tallies.n + excluded.n;
  RETURN NULL;
END $$
--
CREATE OR REPLACE FUNCTION untally_verdicts() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan TO off AS $$ BEGIN
  INSERT INTO tallies (evaluation_id, part, what, n)
  SELECT a.evaluation_id, mod(pg_backend_pid(), 64), told.what, sum(told.n)
  FROM (
    SELECT attempt_id, count(*) AS gone, max(id) AS last, (array_agg(mark ORDER BY id DESC))[1] AS mark
    FROM changed GROUP BY attempt_id
  ) c
  JOIN attempts a ON a.id = c.attempt_id
  CROSS JOIN LATERAL (
    SELECT max(id) AS last, coalesce((array_agg(mark ORDER BY id DESC))[1], 'ungraded') AS mark
    FROM verdicts v WHERE v.attempt_id = c.attempt_id
  ) left_over
  CROSS JOIN LATERAL (
    VALUES ('verdicts', -c.gone), (left_over.mark, 1),
      (CASE WHEN left_over.last > c.last THEN left_over.mark ELSE c.mark END, -1)
  ) told(what, n)
  GROUP BY 1, 3 ORDER BY 1, 3
  ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = tallies.n + excluded.n;
  RETURN NULL;
END $$
--
CREATE TRIGGER tally_attempts AFTER INSERT ON attempts
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tally_outcomes('ungraded', '1')
--
CREATE TRIGGER untally_attempts AFTER DELETE ON attempts
  REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tally_outcomes('ungraded', '-1')
--
CREATE TRIGGER tally_failures AFTER INSERT ON failures
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tally_outcomes('failures', '1')
--
CREATE TRIGGER untally_failures AFTER DELETE ON failures
  REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tally_outcomes('failures', '-1')
--
CREATE TRIGGER tally_verdicts AFTER INSERT ON verdicts
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tally_verdicts()
--
CREATE TRIGGER untally_verdicts AFTER DELETE ON verdicts
  REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION untally_verdicts()
