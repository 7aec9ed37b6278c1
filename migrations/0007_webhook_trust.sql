-- Webhook URLs of tenants' own apps: what is kept of a POST that was refused, so that it can be
-- explained, and taken after all once its secret is mended.

ALTER TABLE app_secrets
    ADD COLUMN saved_at timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN app_secrets.saved_at IS 'When it was last given: POSTs refused before are held against it once more.';

ALTER TABLE webhook_events
    ADD COLUMN quarantined_for     uuid,
    ADD COLUMN presented_signature text,
    ADD COLUMN tried_at            timestamptz,
    ADD COLUMN reverified_at       timestamptz;
CREATE INDEX webhook_events_quarantine ON webhook_events (quarantined_for, event_id)
    WHERE NOT signature_valid AND reverified_at IS NULL AND presented_signature IS NOT NULL;
COMMENT ON COLUMN webhook_events.diagnosis           IS 'Why the signature was refused, a word of domain::diagnosis: of the one tenant that it concerns, else in general; flood for a summary row. NULL: it is valid.';
COMMENT ON COLUMN webhook_events.connection_id       IS 'The connection whose own app signed it, as proved at once or later. NULL: the platform app, or nobody.';
COMMENT ON COLUMN webhook_events.kinds               IS 'Topic words it was routed by: statuses, messages, account; unparsed; rejected.';
COMMENT ON COLUMN webhook_events.body                IS 'The raw body, sealed by the vault, associated data webhook_events/<id>/body; of a rejected POST at most its first 64 KiB. Empty: forgotten, a week after it was rejected.';
COMMENT ON COLUMN webhook_events.quarantined_for     IS 'The connection under whose secrets a rejected POST may prove good later: the one whose URL was called, or at the shared URL the one whose account the body names. NULL: none.';
COMMENT ON COLUMN webhook_events.presented_signature IS 'The signature header of a rejected POST, where the whole body is kept. NULL: it can never be proved.';
COMMENT ON COLUMN webhook_events.tried_at            IS 'When it was last held against the secrets of that connection. NULL: not since it came.';
COMMENT ON COLUMN webhook_events.reverified_at       IS 'When a secret proved it after all; then it went on as any other. NULL: never.';

-- Like attempts: a tenant sees the events that its audit log names.
ALTER TABLE webhook_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON webhook_events TO waypost_tenant
    USING (EXISTS (SELECT FROM audit_log a WHERE a.audit_id = webhook_events.event_id));
GRANT SELECT ON webhook_events TO waypost_tenant;
