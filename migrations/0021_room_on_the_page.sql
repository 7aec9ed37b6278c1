-- A page of messages is filled by half, so that all of its rows can be changed at once and stay on it.
--
-- Messages are claimed, finished and reported on in batches, so that the rows of a page change within one
-- transaction. A row that finds no room beside it moves to another page, and rewrites its entry in every
-- index. Of 60,000 messages with three reports each 73 % stayed at 70, 98 % stay at 50; and the table is
-- smaller in the end, because nothing lies beside the dead versions of rows that moved.

CREATE OR REPLACE FUNCTION ensure_month_partition(parent text, instant timestamptz) RETURNS integer
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
        CASE WHEN parent IN ('messages', 'attempts') THEN 'WITH (fillfactor = 50)' ELSE '' END
    );
    RETURN 1;
END
$$;

-- What is written from now on into months that are there already.
DO $$
DECLARE
    child regclass;
BEGIN
    FOR child IN
        SELECT inhrelid
        FROM   pg_inherits
        WHERE  inhparent IN ('messages'::regclass, 'attempts'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 50)', child);
    END LOOP;
END
$$;
