-- Rejected POSTs that a secret may still prove are found at once; what is old is forgotten.

-- Those that were never tried come first, and a newer secret passes by those that it was held
-- against. An expression, because a row that was never tried has no instant to compare.
CREATE INDEX webhook_events_untried
    ON webhook_events (quarantined_for, COALESCE(tried_at, '-infinity'))
    WHERE NOT signature_valid AND reverified_at IS NULL AND presented_signature IS NOT NULL;
DROP INDEX webhook_events_quarantine;
COMMENT ON COLUMN webhook_events.tried_at        IS 'saved_at of the newest secret of that connection that it was held against after it came. NULL: none yet.';
COMMENT ON COLUMN webhook_events.signature_valid IS 'Whether X-Hub-Signature-256 proved an app of ours when it came; stays as it was when a secret proves it later (reverified_at).';

-- Bodies that nobody has vouched for are kept for a week.
CREATE INDEX webhook_events_unvouched ON webhook_events (received_at)
    WHERE NOT signature_valid AND reverified_at IS NULL AND octet_length(body) > 0;

CREATE FUNCTION drop_month_partitions(parent text, before timestamptz) RETURNS integer
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    child   text;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('waypost.partitions'));
    -- Dropping one locks its parent: better never than while everybody waits.
    PERFORM set_config('lock_timeout', '2s', true);
    FOR child IN
        SELECT c.relname
        FROM   pg_inherits i
        JOIN   pg_class    c ON c.oid = i.inhrelid
        WHERE  i.inhparent = parent::regclass
          AND  c.relname ~ ('^' || parent || '_[0-9]{6}$')
        ORDER BY c.relname
    LOOP
        -- Its last row came before its month ended.
        CONTINUE WHEN to_timestamp(right(child, 6), 'YYYYMM') + interval '1 month' > before;
        EXECUTE format('DROP TABLE %I', child);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION drop_month_partitions IS 'Drops the partitions whose month ended before an instant; answers how many.';
