-- Outgoing messages: what was asked, how far our own part is, and what Meta reported.
--
-- The three tables are partitioned by month on the UUIDv7 message id: an update by id touches one
-- partition, and retention is a dropped partition. The default partitions catch rows for which the
-- scheduler made no partition in time; nothing is refused for want of one.

CREATE TABLE messages (
    message_id      uuid        NOT NULL,
    tenant_id       uuid        NOT NULL,
    phone_number_id text        NOT NULL,
    recipient       text        NOT NULL,
    message_type    text        NOT NULL,
    content         jsonb       NOT NULL,
    client_data     text,
    lane            text        NOT NULL,
    on_unknown      text        NOT NULL,
    expires_at      timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    traceparent     text,

    stage           text        NOT NULL DEFAULT 'queued',
    stage_at        timestamptz NOT NULL,
    claim_no        integer     NOT NULL DEFAULT 0,
    begun_claim_no  integer     NOT NULL DEFAULT 0,
    attempt_count   integer     NOT NULL DEFAULT 0,
    lease_until     timestamptz,
    waiting_reason  text,
    not_before      timestamptz,
    due_at          timestamptz NOT NULL,
    sweep_count     integer     NOT NULL DEFAULT 0,

    wamid           text,
    wa_id           text,
    accepted_at     timestamptz,
    held_at         timestamptz,
    sent_at         timestamptz,
    delivered_at    timestamptz,
    opened_at       timestamptz,
    played_at       timestamptz,
    failed_at       timestamptz,
    error_code      integer,
    delivery_error  text,

    delivery_status text        NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN delivered_at IS NOT NULL THEN 'delivered'
            WHEN failed_at    IS NOT NULL THEN 'failed'
            WHEN sent_at      IS NOT NULL THEN 'sent'
            WHEN held_at      IS NOT NULL THEN 'held'
            WHEN accepted_at  IS NOT NULL THEN 'accepted'
            ELSE stage
        END
    ) STORED,

    PRIMARY KEY (message_id),
    CONSTRAINT messages_lane        CHECK (lane IN ('urgent', 'normal', 'bulk')),
    CONSTRAINT messages_on_unknown  CHECK (on_unknown IN ('hold', 'retry', 'fail')),
    CONSTRAINT messages_stage       CHECK (stage IN ('queued', 'sending', 'unknown', 'cancelled', 'expired')),
    CONSTRAINT messages_leased      CHECK (stage <> 'sending' OR lease_until IS NOT NULL),
    CONSTRAINT messages_failure     CHECK ((failed_at IS NULL) = (error_code IS NULL) AND (failed_at IS NULL) = (delivery_error IS NULL)),
    CONSTRAINT messages_opened      CHECK (opened_at IS NULL OR delivered_at IS NOT NULL),
    CONSTRAINT messages_waiting     CHECK (waiting_reason IS NULL OR waiting_reason IN
        ('throughput', 'pair', 'portfolio_budget', 'throttled_by_meta', 'credential', 'number_paused', 'retry', 'scheduled'))
) PARTITION BY RANGE (message_id);

CREATE INDEX messages_by_tenant    ON messages (tenant_id, message_id);
CREATE INDEX messages_by_recipient ON messages (tenant_id, recipient, message_id);
CREATE INDEX messages_by_wamid     ON messages (wamid)       WHERE wamid IS NOT NULL;
CREATE INDEX messages_due          ON messages (due_at)      WHERE delivery_status = 'queued';
CREATE INDEX messages_leased       ON messages (lease_until) WHERE delivery_status = 'sending';
CREATE INDEX messages_unknown      ON messages (stage_at)    WHERE delivery_status = 'unknown';

COMMENT ON TABLE  messages                 IS 'One outgoing message. Inserted by admin-api, moved by dispatcher and scheduler, completed by status-mapper.';
COMMENT ON COLUMN messages.message_id      IS 'UUIDv7; also the biz_opaque_callback_data that Meta echoes.';
COMMENT ON COLUMN messages.tenant_id       IS 'Owner.';
COMMENT ON COLUMN messages.phone_number_id IS 'The number it is sent from.';
COMMENT ON COLUMN messages.recipient       IS '+E.164, or a business-scoped user id.';
COMMENT ON COLUMN messages.message_type    IS 'Meta''s type, e.g. text or template.';
COMMENT ON COLUMN messages.content         IS 'Meta''s message object without envelope and recipient, as it will be sent.';
COMMENT ON COLUMN messages.client_data     IS 'The caller''s own biz_opaque_callback_data, shown to the caller and never sent. NULL: none given.';
COMMENT ON COLUMN messages.lane            IS 'The queue it goes through.';
COMMENT ON COLUMN messages.on_unknown      IS 'What to do when the answer to its send was lost.';
COMMENT ON COLUMN messages.expires_at      IS 'It is never sent at or after this instant.';
COMMENT ON COLUMN messages.created_at      IS 'When it was accepted from the caller.';
COMMENT ON COLUMN messages.traceparent     IS 'W3C trace context of the enqueue request, so that send and statuses join its trace. NULL: not traced.';
COMMENT ON COLUMN messages.stage           IS 'Our own part of its way; outweighed by every fact below.';
COMMENT ON COLUMN messages.stage_at        IS 'When stage last changed.';
COMMENT ON COLUMN messages.claim_no        IS 'Fencing number: counts claims; the result of an older claim cannot move stage.';
COMMENT ON COLUMN messages.begun_claim_no  IS 'The newest claim whose attempt was written ahead of its HTTP call. Equal to claim_no under a lapsed lease: the message may have gone out.';
COMMENT ON COLUMN messages.attempt_count   IS 'How many attempts were begun; chooses the rung of the retry ladder.';
COMMENT ON COLUMN messages.lease_until     IS 'Until when the claiming worker owns it. NULL before the first claim.';
COMMENT ON COLUMN messages.waiting_reason  IS 'Why it waits. NULL: it does not, or only for its turn.';
COMMENT ON COLUMN messages.not_before      IS 'Until when it waits. NULL: it does not.';
COMMENT ON COLUMN messages.due_at          IS 'When the scheduler publishes its job (again): after a wait, or because the first publish may have been lost.';
COMMENT ON COLUMN messages.sweep_count     IS 'How often the scheduler has published it since it last moved; spaces the next time.';
COMMENT ON COLUMN messages.wamid           IS 'Meta''s id. It contains the customer''s number: not for logs. NULL until Meta tells it.';
COMMENT ON COLUMN messages.wa_id           IS 'The recipient as Meta knows it; may differ from what was sent (Brazil, Mexico). NULL until told, or for a BSUID.';
COMMENT ON COLUMN messages.accepted_at     IS 'Our clock, when Meta answered with an id.';
COMMENT ON COLUMN messages.held_at         IS 'Our clock, when Meta answered held_for_quality_assessment.';
COMMENT ON COLUMN messages.sent_at         IS 'Meta''s clock (whole seconds): sent.';
COMMENT ON COLUMN messages.delivered_at    IS 'Meta''s clock: delivered, or read, which implies it.';
COMMENT ON COLUMN messages.opened_at       IS 'Meta''s clock: read. The source of truth for read receipts.';
COMMENT ON COLUMN messages.played_at       IS 'Meta''s clock: a voice message was played.';
COMMENT ON COLUMN messages.failed_at       IS 'Meta''s clock: failed; ours when we gave it up.';
COMMENT ON COLUMN messages.error_code      IS 'Meta''s code of the earliest failure; 0 when the failure is our own decision.';
COMMENT ON COLUMN messages.delivery_error  IS 'Meta''s words of that failure, at most 500 characters.';
COMMENT ON COLUMN messages.delivery_status IS 'Derived from the facts and stage; cannot be written. The same derivation as domain::delivery::Facts::status.';

CREATE TABLE attempts (
    message_id  uuid        NOT NULL,
    attempt_no  integer     NOT NULL,
    begun_at    timestamptz NOT NULL,
    finished_at timestamptz,
    outcome     text,
    http_status integer,
    error_code  integer,
    error       text,
    fbtrace_id  text,
    wamid       text,
    PRIMARY KEY (message_id, attempt_no),
    CONSTRAINT attempts_outcome CHECK (outcome IN ('accepted', 'not_sent', 'rejected', 'ambiguous'))
) PARTITION BY RANGE (message_id);
COMMENT ON TABLE  attempts             IS 'One HTTP call to Meta each, committed before the call is made. Written by dispatcher.';
COMMENT ON COLUMN attempts.message_id  IS 'The message.';
COMMENT ON COLUMN attempts.attempt_no  IS 'The claim under which it was made.';
COMMENT ON COLUMN attempts.begun_at    IS 'Just before the call.';
COMMENT ON COLUMN attempts.finished_at IS 'When its outcome was known. NULL: in flight, or the worker died.';
COMMENT ON COLUMN attempts.outcome     IS 'accepted; not_sent: provably never sent; rejected: Meta refused for good; ambiguous: it may have been sent. NULL as finished_at.';
COMMENT ON COLUMN attempts.http_status IS 'Of Meta''s answer. NULL: there was none.';
COMMENT ON COLUMN attempts.error_code  IS 'Meta''s code. NULL: none.';
COMMENT ON COLUMN attempts.error       IS 'What went wrong, in words. NULL: nothing.';
COMMENT ON COLUMN attempts.fbtrace_id  IS 'Meta''s trace id, for a support case. NULL: none given.';
COMMENT ON COLUMN attempts.wamid       IS 'The id Meta answered with. NULL: none.';

CREATE TABLE waits (
    message_id uuid        NOT NULL,
    claim_no   integer     NOT NULL,
    since      timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    reason     text        NOT NULL,
    PRIMARY KEY (message_id, claim_no)
) PARTITION BY RANGE (message_id);
COMMENT ON TABLE  waits            IS 'Every time a message was put aside, and why: its timeline. Written by dispatcher.';
COMMENT ON COLUMN waits.message_id IS 'The message.';
COMMENT ON COLUMN waits.claim_no   IS 'The claim that ended in the wait.';
COMMENT ON COLUMN waits.since      IS 'When it was put aside.';
COMMENT ON COLUMN waits.until      IS 'Until when.';
COMMENT ON COLUMN waits.reason     IS 'As messages.waiting_reason.';

CREATE TABLE idempotency_keys (
    tenant_id       uuid        NOT NULL REFERENCES tenants,
    idempotency_key text        NOT NULL,
    request_hash    bytea       NOT NULL,
    response_status integer     NOT NULL,
    response_body   jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, idempotency_key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
COMMENT ON TABLE  idempotency_keys                 IS 'Answers to accepted requests, replayed for 24 hours. Written in the transaction of the work itself; refused requests are not stored.';
COMMENT ON COLUMN idempotency_keys.tenant_id       IS 'Keys of two tenants never meet.';
COMMENT ON COLUMN idempotency_keys.idempotency_key IS 'The caller''s Idempotency-Key.';
COMMENT ON COLUMN idempotency_keys.request_hash    IS 'SHA-256 of method, path and body: the same key with another request is refused.';
COMMENT ON COLUMN idempotency_keys.response_status IS 'HTTP status of the answer.';
COMMENT ON COLUMN idempotency_keys.response_body   IS 'Body of the answer.';
COMMENT ON COLUMN idempotency_keys.created_at      IS 'After 24 hours the key is free again.';
