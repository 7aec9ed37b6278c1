-- What Meta (or somebody) posted to us.

CREATE TABLE webhook_events (
    event_id        uuid        NOT NULL,
    received_at     timestamptz NOT NULL,
    path            text        NOT NULL,
    signature_valid boolean     NOT NULL,
    diagnosis       text,
    connection_id   uuid,
    kinds           text        NOT NULL,
    body            bytea       NOT NULL,
    body_bytes      integer     NOT NULL,
    item_count      integer     NOT NULL DEFAULT 0,
    parse_error     text,
    poison          jsonb       NOT NULL DEFAULT '[]',
    repeats         integer     NOT NULL DEFAULT 1,
    PRIMARY KEY (event_id)
) PARTITION BY RANGE (event_id);
CREATE INDEX webhook_events_rejected ON webhook_events (received_at) WHERE NOT signature_valid;
COMMENT ON TABLE  webhook_events                 IS 'A row for every POST to a webhook URL, repeats too. Written by webhook-log.';
COMMENT ON COLUMN webhook_events.event_id        IS 'UUIDv7 given by ingress; a redelivery on the bus finds its row.';
COMMENT ON COLUMN webhook_events.received_at     IS 'When ingress had read the whole body.';
COMMENT ON COLUMN webhook_events.path            IS 'Which webhook URL it came to: platform, shared, or tenant.';
COMMENT ON COLUMN webhook_events.signature_valid IS 'Whether X-Hub-Signature-256 proved an app of ours.';
COMMENT ON COLUMN webhook_events.diagnosis       IS 'Why the signature was refused: missing, malformed, mismatch; flood for a summary row. NULL: it is valid.';
COMMENT ON COLUMN webhook_events.connection_id   IS 'The connection whose own app signed it. NULL: the platform app, or nobody.';
COMMENT ON COLUMN webhook_events.kinds           IS 'Topic words it was routed by: statuses, messages, account; unparsed; rejected.';
COMMENT ON COLUMN webhook_events.body            IS 'The raw body, sealed by the vault, associated data webhook_events/<id>/body.';
COMMENT ON COLUMN webhook_events.body_bytes      IS 'Length of the raw body in bytes.';
COMMENT ON COLUMN webhook_events.item_count      IS 'How many items it carried, poison included.';
COMMENT ON COLUMN webhook_events.parse_error     IS 'Why the whole body could not be read. NULL: it could.';
COMMENT ON COLUMN webhook_events.poison          IS 'Items that could not be read: [{pointer, detail}]; their neighbours were processed.';
COMMENT ON COLUMN webhook_events.repeats         IS 'How many POSTs this row stands for; above 1 only for flood summaries.';

CREATE TABLE webhook_spool (
    event_id    uuid        PRIMARY KEY,
    routing_key text        NOT NULL,
    envelope    bytea       NOT NULL,
    created_at  timestamptz NOT NULL
);
COMMENT ON TABLE  webhook_spool             IS 'POSTs that ingress could not publish because the bus was away; the scheduler publishes and deletes them.';
COMMENT ON COLUMN webhook_spool.event_id    IS 'As in webhook_events.';
COMMENT ON COLUMN webhook_spool.routing_key IS 'The topic words it would have been published under.';
COMMENT ON COLUMN webhook_spool.envelope    IS 'The encoded bus message (waypost.v1.WebhookReceived), sealed by the vault, associated data webhook_spool/<id>/envelope.';
COMMENT ON COLUMN webhook_spool.created_at  IS 'When it was put here.';

CREATE TABLE orphan_statuses (
    phone_number_id text        NOT NULL,
    wamid           text        NOT NULL,
    received_at     timestamptz NOT NULL,
    sent_at         timestamptz,
    delivered_at    timestamptz,
    opened_at       timestamptz,
    played_at       timestamptz,
    failed_at       timestamptz,
    error_code      integer,
    delivery_error  text,
    PRIMARY KEY (phone_number_id, wamid)
);
CREATE INDEX orphan_statuses_age ON orphan_statuses (received_at);
COMMENT ON TABLE  orphan_statuses                 IS 'Facts of messages that carry no id of ours and whose wamid is not stored (yet): sent by another system, or faster than our own record. Written by status-mapper after the scope check, adopted or dropped by scheduler.';
COMMENT ON COLUMN orphan_statuses.phone_number_id IS 'The number the status is about.';
COMMENT ON COLUMN orphan_statuses.wamid           IS 'Meta''s id of the message.';
COMMENT ON COLUMN orphan_statuses.received_at     IS 'When the first of them came.';
COMMENT ON COLUMN orphan_statuses.sent_at         IS 'As in messages.';
COMMENT ON COLUMN orphan_statuses.delivered_at    IS 'As in messages.';
COMMENT ON COLUMN orphan_statuses.opened_at       IS 'As in messages.';
COMMENT ON COLUMN orphan_statuses.played_at       IS 'As in messages.';
COMMENT ON COLUMN orphan_statuses.failed_at       IS 'As in messages.';
COMMENT ON COLUMN orphan_statuses.error_code      IS 'As in messages.';
COMMENT ON COLUMN orphan_statuses.delivery_error  IS 'As in messages.';

CREATE FUNCTION earlier_failure(
    at1 timestamptz, code1 integer, detail1 text,
    at2 timestamptz, code2 integer, detail2 text
) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT at1 IS NOT NULL
       AND (at2 IS NULL OR (at1, code1, detail1 COLLATE "C") < (at2, code2, detail2 COLLATE "C"))
$$;
COMMENT ON FUNCTION earlier_failure IS 'Whether the first failure outranks the second: the order of domain::delivery::Failure.';
