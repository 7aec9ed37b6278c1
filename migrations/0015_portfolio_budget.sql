-- Who has been reached outside a service window in the last 24 hours: what the messaging limit of a
-- portfolio counts. Derived from what was tried and what Meta reported, so it needs no keeping.

ALTER TABLE attempts ADD COLUMN counted_waba_id text;
CREATE INDEX attempts_counted ON attempts (counted_waba_id, begun_at) WHERE counted_waba_id IS NOT NULL;
COMMENT ON COLUMN attempts.counted_waba_id IS 'The account whose portfolio''s messaging limit it counts against. NULL: it was made within an open service window.';

CREATE INDEX messages_over_budget ON messages (phone_number_id, recipient)
    WHERE delivery_status = 'queued' AND waiting_reason = 'portfolio_budget';

CREATE TABLE service_windows (
    phone_number_id text        NOT NULL,
    contact         text        NOT NULL,
    tenant_id       uuid        NOT NULL,
    last_inbound_at timestamptz NOT NULL,
    PRIMARY KEY (phone_number_id, contact)
);
CREATE INDEX service_windows_age ON service_windows (last_inbound_at);
SELECT keep_to_tenant('service_windows');
COMMENT ON TABLE  service_windows                 IS 'Who has written to a number lately: for 24 hours it may answer freely, and what it sends counts against no limit of people. Written by inbox.';
COMMENT ON COLUMN service_windows.phone_number_id IS 'The number that was written to.';
COMMENT ON COLUMN service_windows.contact         IS 'Who wrote: +E.164 as Meta knows it, or a business-scoped user id; as messages.recipient.';
COMMENT ON COLUMN service_windows.tenant_id       IS 'Owner of the number.';
COMMENT ON COLUMN service_windows.last_inbound_at IS 'Meta''s clock (whole seconds), at most ours: the newest message from them.';
