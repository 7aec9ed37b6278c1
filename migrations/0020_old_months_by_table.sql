-- An old month goes table by table, each in a transaction of its own, so that nobody who has locked one
-- table and waits for another is waited for.

CREATE FUNCTION old_months(parent text, before timestamptz) RETURNS SETOF text
LANGUAGE sql STABLE SET timezone = 'UTC' AS $$
    SELECT   month
    FROM     pg_inherits i
    JOIN     pg_class    c ON c.oid = i.inhrelid,
    LATERAL  (SELECT right(c.relname, 6) AS month) AS named
    WHERE    i.inhparent = parent::regclass
      AND    c.relname ~ ('^' || parent || '_[0-9]{6}$')
      -- Its last row came before its month ended.
      AND    to_timestamp(month, 'YYYYMM') + interval '1 month' <= before
    ORDER BY month
$$;
COMMENT ON FUNCTION old_months IS 'The months (YYYYMM) of a partitioned table that ended before an instant.';

CREATE FUNCTION drop_month_partition(parent text, month text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    child text := parent || '_' || month;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('waypost.partitions'));
    -- To drop it locks its parent, and so everybody, until it is had too. A vacuum may hold it for
    -- long, and is made to let go first, by a lock that is in nobody else's way.
    PERFORM set_config('lock_timeout', '10s', true);
    EXECUTE format('LOCK TABLE %I IN SHARE UPDATE EXCLUSIVE MODE', child);
    -- Better later than while everybody waits.
    PERFORM set_config('lock_timeout', '200ms', true);
    EXECUTE format('DROP TABLE %I', child);
-- Several schedulers may run, and another may have dropped it. To look before would not tell: who has
-- waited for a lock still sees what was there before.
EXCEPTION WHEN undefined_table THEN
    RETURN;
END
$$;
COMMENT ON FUNCTION drop_month_partition IS 'Drops the partition of a table for a month (YYYYMM), if it is there; gives up after 200 ms in which others do not let go of the table.';

CREATE FUNCTION unfinished_messages(month text) RETURNS bigint
-- By the indexes of what is unfinished, which are small, whatever is known of the table.
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    unfinished bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('waypost.partitions'));
    EXECUTE format(
        'SELECT (SELECT count(*) FROM %1$I WHERE stage = ''queued'')
              + (SELECT count(*) FROM %1$I WHERE stage = ''sending'')
              + (SELECT count(*) FROM %1$I WHERE stage = ''unknown'')', 'messages_' || month
    ) INTO unfinished;
    RETURN unfinished;
EXCEPTION WHEN undefined_table THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION unfinished_messages IS 'How many messages of a month (YYYYMM) are queued, being sent or unknown; null when that month is not there. What is finished does not become unfinished again.';

CREATE FUNCTION forget_resolutions(month text) RETURNS void
LANGUAGE sql SET timezone = 'UTC' AS $$
    DELETE FROM resolutions
    WHERE  message_id >= uuid_v7_floor(to_timestamp(month, 'YYYYMM'))
      AND  message_id <  uuid_v7_floor(to_timestamp(month, 'YYYYMM') + interval '1 month')
$$;
COMMENT ON FUNCTION forget_resolutions IS 'Deletes the resolutions of the messages of a month (YYYYMM).';

DROP FUNCTION drop_message_months;
DROP FUNCTION drop_month_partitions;
DROP FUNCTION take_old_months;
