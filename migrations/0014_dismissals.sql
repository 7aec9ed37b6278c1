-- A dismissed notification stays the one of its trouble, and is quiet for a while.

ALTER TABLE notifications
    ADD COLUMN dismissed_until timestamptz;
COMMENT ON COLUMN notifications.dismissed_until IS 'Somebody dismissed it: it is not shown as open unless it is seen after this, or worsens. NULL: nobody did.';
COMMENT ON COLUMN notifications.cleared_at      IS 'When it healed. NULL: it did not, as far as is known.';

CREATE FUNCTION severity_rank(severity text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_position(ARRAY['info', 'warning', 'critical'], severity)
$$;
COMMENT ON FUNCTION severity_rank IS 'The worse, the higher.';
