-- Monthly partitions on UUIDv7 keys. Few partitions (months, not days) keep planning cheap.

CREATE FUNCTION uuid_v7_floor(instant timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
COMMENT ON FUNCTION uuid_v7_floor IS 'The least UUIDv7 of an instant: a partition bound.';

CREATE TABLE messages_default       PARTITION OF messages       DEFAULT WITH (fillfactor = 70);
CREATE TABLE attempts_default       PARTITION OF attempts       DEFAULT;
CREATE TABLE waits_default          PARTITION OF waits          DEFAULT;
CREATE TABLE webhook_events_default PARTITION OF webhook_events DEFAULT;

CREATE FUNCTION ensure_month_partitions(instant timestamptz) RETURNS integer
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
    FOREACH parent IN ARRAY ARRAY['messages', 'attempts', 'waits', 'webhook_events'] LOOP
        CONTINUE WHEN to_regclass(format('%I', parent || '_' || month)) IS NOT NULL;
        -- A message row is rewritten about six times on its way; free room on its page keeps the
        -- new versions near.
        storage := CASE parent WHEN 'messages' THEN 'WITH (fillfactor = 70)' ELSE '' END;
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) %s',
            parent || '_' || month, parent, uuid_v7_floor(opens), uuid_v7_floor(closes), storage
        );
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION ensure_month_partitions IS 'Makes the partitions of the month of an instant where they are missing; answers how many were made.';
