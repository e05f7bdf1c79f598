-- One row at a time: a writer has the file to itself, so that there is one part.
-- Statements are apart by a line of two dashes. A migration has been here: change this in a new one.
--
CREATE TRIGGER tally_attempt AFTER INSERT ON attempts BEGIN
  INSERT INTO tallies (evaluation_id, part, what, n)
    VALUES (NEW.evaluation_id, 0, 'ungraded', 1)
    ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = n + excluded.n;
END
--
CREATE TRIGGER untally_attempt AFTER DELETE ON attempts BEGIN
  INSERT INTO tallies (evaluation_id, part, what, n)
    VALUES (OLD.evaluation_id, 0, 'ungraded', -1)
    ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = n + excluded.n;
END
--
CREATE TRIGGER tally_failure AFTER INSERT ON failures BEGIN
  INSERT INTO tallies (evaluation_id, part, what, n)
    VALUES (NEW.evaluation_id, 0, 'failures', 1)
    ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = n + excluded.n;
END
--
CREATE TRIGGER untally_failure AFTER DELETE ON failures BEGIN
  INSERT INTO tallies (evaluation_id, part, what, n)
    VALUES (OLD.evaluation_id, 0, 'failures', -1)
    ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = n + excluded.n;
END
--
CREATE TRIGGER tally_verdict AFTER INSERT ON verdicts BEGIN
  INSERT INTO tallies (evaluation_id, part, what, n)
    SELECT evaluation_id, 0, 'verdicts', 1 FROM attempts WHERE id = NEW.attempt_id
    ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = n + excluded.n;
  INSERT INTO tallies (evaluation_id, part, what, n)
    SELECT evaluation_id, 0, coalesce((SELECT v.mark FROM verdicts v
      WHERE v.attempt_id = NEW.attempt_id AND v.id < NEW.id ORDER BY v.id DESC LIMIT 1), 'ungraded'), -1
    FROM attempts WHERE id = NEW.attempt_id
    ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = n + excluded.n;
  INSERT INTO tallies (evaluation_id, part, what, n)
    SELECT evaluation_id, 0, NEW.mark, 1 FROM attempts WHERE id = NEW.attempt_id
    ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = n + excluded.n;
END
--
CREATE TRIGGER untally_verdict AFTER DELETE ON verdicts BEGIN
  INSERT INTO tallies (evaluation_id, part, what, n)
    SELECT evaluation_id, 0, 'verdicts', -1 FROM attempts WHERE id = OLD.attempt_id
    ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = n + excluded.n;
  INSERT INTO tallies (evaluation_id, part, what, n)
    SELECT evaluation_id, 0, OLD.mark, -1 FROM attempts WHERE id = OLD.attempt_id
    AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.attempt_id = OLD.attempt_id AND v.id > OLD.id)
    ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = n + excluded.n;
  INSERT INTO tallies (evaluation_id, part, what, n)
    SELECT evaluation_id, 0, coalesce((SELECT v.mark FROM verdicts v
      WHERE v.attempt_id = OLD.attempt_id ORDER BY v.id DESC LIMIT 1), 'ungraded'), 1
    FROM attempts WHERE id = OLD.attempt_id
    AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.attempt_id = OLD.attempt_id AND v.id > OLD.id)
    ON CONFLICT (evaluation_id, part, what) DO UPDATE SET n = n + excluded.n;
END
