-- What Meta reports of a message touches no index, so that the row is rewritten within its page.
--
-- A column that stands in any index, or in the condition of one, makes every change of it rewrite
-- all indexes. delivery_status changes with every fact; stage only by what we do ourselves, and it
-- now ends where our part does: as soon as Meta has the message, stage is accepted.

-- Only to bring rows of an earlier build into the rule, before there is any release; a release
-- never rewrites a whole table.
UPDATE messages
SET    stage = CASE WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'accepted' END
WHERE  stage IN ('queued', 'sending', 'unknown')
  AND  (accepted_at IS NOT NULL OR sent_at IS NOT NULL OR delivered_at IS NOT NULL OR failed_at IS NOT NULL);

COMMENT ON COLUMN messages.stage_at IS 'When we last changed stage; a report of Meta''s that ends it leaves this as it is.';
COMMENT ON COLUMN messages.stage IS 'Our own part of its way; outweighed by every fact below. accepted: Meta has it, by its answer, its report or the word of a person; failed: Meta refused it, or it was given up, by its policy or by a person (resolutions).';

DROP INDEX messages_due;
DROP INDEX messages_leased;
DROP INDEX messages_unknown;
DROP INDEX messages_over_budget;
CREATE INDEX messages_due         ON messages (due_at)   WHERE stage = 'queued';
-- Not by lease_until, which every attempt renews; few messages are being sent at once.
CREATE INDEX messages_sending     ON messages (stage_at) WHERE stage = 'sending';
CREATE INDEX messages_unknown     ON messages (stage_at) WHERE stage = 'unknown';
CREATE INDEX messages_over_budget ON messages (phone_number_id, recipient)
    WHERE stage = 'queued' AND waiting_reason = 'portfolio_budget';

-- An attempt is written twice; room on its page keeps the second version near.
CREATE OR REPLACE FUNCTION ensure_month_partitions(instant timestamptz) RETURNS integer
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    opens    timestamptz := date_trunc('month', instant, 'UTC');
    closes   timestamptz := date_trunc('month', instant, 'UTC') + interval '1 month';
    month    text        := to_char(opens AT TIME ZONE 'UTC', 'YYYYMM');
    parent   text;
    storage  text;
    made     integer     := 0;
BEGIN
    -- Several schedulers may run; one at a time looks and makes.
    PERFORM pg_advisory_xact_lock(hashtext('waypost.partitions'));
    FOREACH parent IN ARRAY ARRAY['messages', 'attempts', 'waits', 'webhook_events', 'audit_log'] LOOP
        CONTINUE WHEN to_regclass(format('%I', parent || '_' || month)) IS NOT NULL;
        -- A message row is rewritten about six times on its way, an attempt once.
        storage := CASE parent WHEN 'messages' THEN 'WITH (fillfactor = 70)'
                               WHEN 'attempts' THEN 'WITH (fillfactor = 60)' ELSE '' END;
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) %s',
            parent || '_' || month, parent, uuid_v7_floor(opens), uuid_v7_floor(closes), storage
        );
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- Also what stands; pages that are full stay full.
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'attempts'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 60)', part);
    END LOOP;
END
$$;
