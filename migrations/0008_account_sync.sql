-- What Meta says about accounts, numbers and templates, in webhooks and when asked.
--
-- Webhooks come late, twice and in any order. Each word stands beside the instant when Meta said it,
-- and only a newer one takes its place.

ALTER TABLE connections
    ADD COLUMN sync_due_at      timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN sync_begun_at    timestamptz,
    ADD COLUMN sync_lease_until timestamptz,
    ADD COLUMN token_valid      boolean,
    ADD COLUMN token_problem    text,
    ADD COLUMN token_issued_at  timestamptz,
    ADD COLUMN token_checked_at timestamptz;
CREATE INDEX connections_sync_due ON connections (sync_due_at);
COMMENT ON COLUMN connections.sync_due_at      IS 'When account-sync asks Meta about it next; now() asks for it at once.';
COMMENT ON COLUMN connections.sync_begun_at    IS 'When Meta was last asked about it. NULL: never.';
COMMENT ON COLUMN connections.sync_lease_until IS 'Until when one account-sync is asking, and others keep off. NULL: none is.';
COMMENT ON COLUMN connections.token_valid      IS 'Whether Meta took the token when it was last used to ask. NULL: not tried yet.';
COMMENT ON COLUMN connections.token_problem    IS 'Why it did not, for a person. NULL: it did, or was not tried.';
COMMENT ON COLUMN connections.token_issued_at  IS 'When Meta issued the token (debug_token). NULL: not known.';
COMMENT ON COLUMN connections.token_checked_at IS 'When token_valid was found. NULL: never.';

ALTER TABLE wabas
    ADD COLUMN tier_at             timestamptz,
    ADD COLUMN granted_at          timestamptz,
    ADD COLUMN review_at           timestamptz,
    ADD COLUMN status              text,
    ADD COLUMN status_detail       text,
    ADD COLUMN status_until        timestamptz,
    ADD COLUMN status_at           timestamptz,
    ADD COLUMN subscribed          boolean,
    ADD COLUMN health              text,
    ADD COLUMN health_detail       text,
    ADD COLUMN unlisted_numbers    integer NOT NULL DEFAULT 0,
    ADD COLUMN templates_synced_at timestamptz;
CREATE INDEX wabas_connection ON wabas (connection_id);
CREATE INDEX wabas_portfolio  ON wabas (portfolio_id) WHERE portfolio_id IS NOT NULL;
COMMENT ON COLUMN wabas.tier_at             IS 'When Meta said tier. NULL: it did not; an operator may have.';
COMMENT ON COLUMN wabas.granted_at          IS 'When Meta said granted. NULL: never yet.';
COMMENT ON COLUMN wabas.review_at           IS 'When Meta said review_status. NULL: never yet.';
COMMENT ON COLUMN wabas.status              IS 'ACTIVE, RESTRICTED, DISABLE_SCHEDULED, DISABLED, DELETED or OFFBOARDED, by the newest account_update. NULL: Meta has said nothing.';
COMMENT ON COLUMN wabas.status_detail       IS 'What is restricted, or when it will be disabled, in Meta''s words. NULL: not told.';
COMMENT ON COLUMN wabas.status_until        IS 'When a restriction ends. NULL: no end was told.';
COMMENT ON COLUMN wabas.status_at           IS 'When Meta said status. NULL: never yet.';
COMMENT ON COLUMN wabas.subscribed          IS 'Whether our app gets its webhooks, as Meta said when last asked. NULL: not asked yet.';
COMMENT ON COLUMN wabas.health              IS 'health_status.can_send_message: AVAILABLE, LIMITED or BLOCKED. NULL: not asked yet.';
COMMENT ON COLUMN wabas.health_detail       IS 'What stands in the way of sending, in Meta''s words. NULL: nothing was told.';
COMMENT ON COLUMN wabas.unlisted_numbers    IS 'How many of its numbers at Meta are not in phone_numbers.';
COMMENT ON COLUMN wabas.templates_synced_at IS 'When all its templates were last read from Meta. NULL: never.';

ALTER TABLE phone_numbers
    ADD COLUMN status_at      timestamptz,
    ADD COLUMN name_status_at timestamptz,
    ADD COLUMN name_reason    text,
    ADD COLUMN throughput     text;
CREATE INDEX phone_numbers_waba ON phone_numbers (waba_id);
COMMENT ON COLUMN phone_numbers.status_at      IS 'When Meta said status. NULL: never yet.';
COMMENT ON COLUMN phone_numbers.name_status_at IS 'When Meta said name_status. NULL: never yet.';
COMMENT ON COLUMN phone_numbers.name_reason    IS 'Why the name was rejected, in Meta''s word. NULL: it was not, or Meta did not say.';
COMMENT ON COLUMN phone_numbers.throughput     IS 'STANDARD, HIGH or COEXISTENCE, as Meta said when last asked; a change sets messages_per_second. NULL: not asked yet.';

CREATE TABLE account_events (
    event_key     text        PRIMARY KEY,
    tenant_id     uuid        NOT NULL REFERENCES tenants,
    waba_id       text        NOT NULL,
    kind          text        NOT NULL,
    told_at       timestamptz NOT NULL,
    received_at   timestamptz NOT NULL,
    value         jsonb,
    sealed        bytea,
    CONSTRAINT account_events_one_value CHECK ((value IS NULL) <> (sealed IS NULL))
);
CREATE INDEX account_events_by_waba ON account_events (tenant_id, waba_id, told_at);
CREATE INDEX account_events_age     ON account_events (received_at);
COMMENT ON TABLE  account_events             IS 'What Meta told about accounts, numbers and templates, each once. Written by account-sync within the proved scope, forgotten after 90 days.';
COMMENT ON COLUMN account_events.event_key   IS 'SHA-256 of account, kind, instant and value, in hex: a repetition finds its row.';
COMMENT ON COLUMN account_events.tenant_id   IS 'Owner of the account.';
COMMENT ON COLUMN account_events.waba_id     IS 'The account.';
COMMENT ON COLUMN account_events.kind        IS 'Meta''s name of the field, e.g. account_update.';
COMMENT ON COLUMN account_events.told_at     IS 'When Meta told it (entry.time); without one, received_at.';
COMMENT ON COLUMN account_events.received_at IS 'When ingress received it.';
COMMENT ON COLUMN account_events.value       IS 'The value, of a kind that holds nothing of a person and no secret. NULL: it is sealed.';
COMMENT ON COLUMN account_events.sealed      IS 'The value as JSON of any other kind; sealed by the vault, associated data account_events/<key>/sealed. NULL: it is in value.';

CREATE TABLE templates (
    tenant_id        uuid        NOT NULL REFERENCES tenants,
    waba_id          text        NOT NULL REFERENCES wabas,
    template_id      text        NOT NULL,
    name             text        NOT NULL,
    language         text        NOT NULL,
    category         text,
    correct_category text,
    status           text,
    status_reason    text,
    quality          text,
    components       jsonb,
    parameter_format text,
    status_at        timestamptz,
    quality_at       timestamptz,
    category_at      timestamptz,
    correct_at       timestamptz,
    components_at    timestamptz,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    PRIMARY KEY (waba_id, template_id)
);
CREATE INDEX templates_by_name ON templates (tenant_id, name, language);
COMMENT ON TABLE  templates                  IS 'Message templates as Meta has them. Written by account-sync.';
COMMENT ON COLUMN templates.tenant_id        IS 'Owner of the account.';
COMMENT ON COLUMN templates.waba_id          IS 'The account.';
COMMENT ON COLUMN templates.template_id      IS 'Meta''s id of the template in one language.';
COMMENT ON COLUMN templates.name             IS 'Its name; empty until Meta has told it.';
COMMENT ON COLUMN templates.language         IS 'Its language, e.g. en_US; empty until Meta has told it.';
COMMENT ON COLUMN templates.category         IS 'AUTHENTICATION, MARKETING or UTILITY. NULL: not told.';
COMMENT ON COLUMN templates.correct_category IS 'The category that Meta finds fit, or will give it. NULL: not told.';
COMMENT ON COLUMN templates.status           IS 'Meta''s word: APPROVED, PENDING, REJECTED, PAUSED, DISABLED, DELETED and others. NULL: not told.';
COMMENT ON COLUMN templates.status_reason    IS 'Why, in Meta''s words. NULL: not told.';
COMMENT ON COLUMN templates.quality          IS 'GREEN, YELLOW, RED or UNKNOWN. NULL: not told.';
COMMENT ON COLUMN templates.components       IS 'What it says, as Meta''s list components. NULL: not told.';
COMMENT ON COLUMN templates.parameter_format IS 'NAMED or POSITIONAL. NULL: not told.';
COMMENT ON COLUMN templates.status_at        IS 'When Meta said status. NULL: never yet.';
COMMENT ON COLUMN templates.quality_at       IS 'When Meta said quality. NULL: never yet.';
COMMENT ON COLUMN templates.category_at      IS 'When Meta said category. NULL: never yet.';
COMMENT ON COLUMN templates.correct_at       IS 'When Meta said correct_category. NULL: never yet.';
COMMENT ON COLUMN templates.components_at    IS 'When Meta said components. NULL: never yet.';
COMMENT ON COLUMN templates.created_at       IS 'When we first heard of it.';
COMMENT ON COLUMN templates.updated_at       IS 'When a word of Meta''s last changed it.';

-- The last webhook that a connection's app signed.
CREATE INDEX webhook_events_signed ON webhook_events (connection_id, event_id) WHERE signature_valid;

CREATE FUNCTION newer_word(
    at1 timestamptz, word1 text, detail1 text,
    at2 timestamptz, word2 text, detail2 text
) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT at2 IS NULL
        OR (at1, COALESCE(word1, '') COLLATE "C", COALESCE(detail1, '') COLLATE "C")
         > (at2, COALESCE(word2, '') COLLATE "C", COALESCE(detail2, '') COLLATE "C")
$$;
COMMENT ON FUNCTION newer_word IS 'Whether the first word takes the place of the second: it was said later, or of two that were said in one second it is the greater.';

SELECT keep_to_tenant(target::regclass) FROM UNNEST(ARRAY['account_events', 'templates']) AS target;
-- What Meta said is not a tenant's to rewrite.
REVOKE INSERT, UPDATE, DELETE ON account_events FROM waypost_tenant;
