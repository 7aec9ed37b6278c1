-- A month of messages that is over goes as a whole, with its attempts and waits; and nobody who works
-- on other months notices when one goes.

-- Dropping a partition locks its parent, and so everybody, until it has the partition too. Vacuum may
-- hold that for long, so it is made to let go first, by a lock that is in nobody else's way.
CREATE FUNCTION take_old_months(parent text, before timestamptz) RETURNS SETOF text
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    month text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('waypost.partitions'));
    PERFORM set_config('lock_timeout', '10s', true);
    FOR month IN
        SELECT right(c.relname, 6)
        FROM   pg_inherits i
        JOIN   pg_class    c ON c.oid = i.inhrelid
        WHERE  i.inhparent = parent::regclass
          AND  c.relname ~ ('^' || parent || '_[0-9]{6}$')
        ORDER BY 1
    LOOP
        -- Its last row came before its month ended.
        CONTINUE WHEN to_timestamp(month, 'YYYYMM') + interval '1 month' > before;
        EXECUTE format('LOCK TABLE %I IN SHARE UPDATE EXCLUSIVE MODE', parent || '_' || month);
        RETURN NEXT month;
    END LOOP;
    -- For what follows: better later than while everybody waits.
    PERFORM set_config('lock_timeout', '200ms', true);
END
$$;
COMMENT ON FUNCTION take_old_months IS 'The months (YYYYMM) of a partitioned table that ended before an instant, each kept from vacuum until the transaction ends; the caller then drops them with a short lock_timeout.';

-- To make one locks the default partition of its table. Each in a transaction of its own, so that nobody
-- who has locked one table and waits for another is waited for.
CREATE FUNCTION ensure_month_partition(parent text, instant timestamptz) RETURNS integer
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    opens  timestamptz := date_trunc('month', instant, 'UTC');
    closes timestamptz := date_trunc('month', instant, 'UTC') + interval '1 month';
    child  text        := parent || '_' || to_char(opens AT TIME ZONE 'UTC', 'YYYYMM');
BEGIN
    -- Several schedulers may run; one at a time looks and makes.
    PERFORM pg_advisory_xact_lock(hashtext('waypost.partitions'));
    IF to_regclass(format('%I', child)) IS NOT NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format(
        'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) %s',
        child, parent, uuid_v7_floor(opens), uuid_v7_floor(closes),
        -- A message row is rewritten about six times on its way, an attempt once.
        CASE parent WHEN 'messages' THEN 'WITH (fillfactor = 70)'
                    WHEN 'attempts' THEN 'WITH (fillfactor = 60)' ELSE '' END
    );
    RETURN 1;
END
$$;
COMMENT ON FUNCTION ensure_month_partition IS 'Makes the partition of a table for the month of an instant where it is missing; answers how many were made.';
DROP FUNCTION ensure_month_partitions;

CREATE OR REPLACE FUNCTION drop_month_partitions(parent text, before timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    months text[] := ARRAY(SELECT take_old_months(parent, before));
    month  text;
BEGIN
    FOREACH month IN ARRAY months LOOP
        EXECUTE format('DROP TABLE %I', parent || '_' || month);
    END LOOP;
    RETURN cardinality(months);
END
$$;

CREATE FUNCTION drop_message_months(before timestamptz)
RETURNS TABLE (month text, unfinished bigint)
-- By the indexes of what is unfinished, which are small, whatever is known of the table.
LANGUAGE plpgsql SET timezone = 'UTC' SET enable_seqscan = off AS $$
DECLARE
    attempts text[] := ARRAY(SELECT take_old_months('attempts', before));
    waits    text[] := ARRAY(SELECT take_old_months('waits', before));
    months   text[] := ARRAY(SELECT take_old_months('messages', before));
    over     text[] := '{}';
    opens    timestamptz;
    parent   text;
BEGIN
    FOREACH month IN ARRAY months LOOP
        EXECUTE format(
            'SELECT (SELECT count(*) FROM %1$I WHERE stage = ''queued'')
                  + (SELECT count(*) FROM %1$I WHERE stage = ''sending'')
                  + (SELECT count(*) FROM %1$I WHERE stage = ''unknown'')', 'messages_' || month
        ) INTO unfinished;
        -- What is finished does not become unfinished again.
        IF unfinished = 0 THEN
            opens := to_timestamp(month, 'YYYYMM');
            DELETE FROM resolutions
            WHERE  message_id >= uuid_v7_floor(opens)
              AND  message_id <  uuid_v7_floor(opens + interval '1 month');
            over := over || month;
        END IF;
        RETURN NEXT;
    END LOOP;
    -- Last, because from here on everybody waits.
    FOREACH parent IN ARRAY ARRAY['messages', 'attempts', 'waits'] LOOP
        FOREACH month IN ARRAY over LOOP
            EXECUTE format('DROP TABLE IF EXISTS %I', parent || '_' || month);
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON FUNCTION drop_message_months IS 'Drops the messages, attempts, waits and resolutions of each month that ended before an instant; answers each such month with how many of its messages are unfinished: more than none, and it was kept.';
