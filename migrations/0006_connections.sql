-- Three ways to connect: the tenant's own app, the platform's app, one number by environment.

ALTER TABLE connections
    ALTER COLUMN access_token DROP NOT NULL,
    ADD COLUMN label             text        NOT NULL DEFAULT '',
    ADD COLUMN app_id            text,
    ADD COLUMN status            text        NOT NULL DEFAULT 'ACTIVE',
    ADD COLUMN status_reason     text,
    ADD COLUMN token_fingerprint text,
    ADD COLUMN token_expires_at  timestamptz,
    ADD COLUMN verify_token      bytea,
    ADD COLUMN webhook_token     text,
    ADD COLUMN last_test_at      timestamptz,
    ADD COLUMN last_test_status  text,
    ADD COLUMN last_test_detail  text,
    ADD CONSTRAINT connections_status CHECK (status IN ('ACTIVE', 'NEEDS_ATTENTION', 'DISCONNECTED')),
    ADD CONSTRAINT connections_active_has_token CHECK (status <> 'ACTIVE' OR access_token IS NOT NULL),
    ADD CONSTRAINT connections_webhook_token_key UNIQUE (webhook_token);
COMMENT ON COLUMN connections.access_token      IS 'Sealed by the vault (AES-256-GCM), associated data connections/<id>/access_token. NULL: not given yet, or forgotten at the disconnect.';
COMMENT ON COLUMN connections.label             IS 'What people call it; may be empty.';
COMMENT ON COLUMN connections.app_id            IS 'Meta''s id of the app; of an own app as the tenant gave it, which proves nothing. NULL: not told.';
COMMENT ON COLUMN connections.status            IS 'ACTIVE; NEEDS_ATTENTION: a person has to do something; DISCONNECTED: nothing is sent.';
COMMENT ON COLUMN connections.status_reason     IS 'What is to be done, or why it is disconnected. NULL: nothing.';
COMMENT ON COLUMN connections.token_fingerprint IS 'First 12 hex digits of the token''s SHA-256: tells tokens apart, opens nothing.';
COMMENT ON COLUMN connections.token_expires_at  IS 'When Meta will refuse the token (debug_token). NULL: never, or not known.';
COMMENT ON COLUMN connections.verify_token      IS 'Own app only: what Meta echoes when the webhook URL is set; sealed, associated data connections/<id>/verify_token. NULL: none.';
COMMENT ON COLUMN connections.webhook_token     IS 'Own app only: the opaque last part of its webhook URL, 32 random bytes. An address, not a credential: signatures prove. NULL: none.';
COMMENT ON COLUMN connections.last_test_at      IS 'When the connection was last tested. NULL: never.';
COMMENT ON COLUMN connections.last_test_status  IS 'ok, or the kind of failure, e.g. token_expired. NULL: never tested.';
COMMENT ON COLUMN connections.last_test_detail  IS 'What the test found, in words. NULL: never tested.';

CREATE TABLE app_secrets (
    secret_id     uuid        PRIMARY KEY,
    connection_id uuid        NOT NULL REFERENCES connections,
    tenant_id     uuid        NOT NULL REFERENCES tenants,
    secret        bytea       NOT NULL,
    fingerprint   bytea       NOT NULL,
    created_at    timestamptz NOT NULL,
    retires_at    timestamptz,
    CONSTRAINT app_secrets_fingerprint CHECK (octet_length(fingerprint) = 32),
    CONSTRAINT app_secrets_once UNIQUE (connection_id, fingerprint)
);
CREATE INDEX app_secrets_by_fingerprint ON app_secrets (fingerprint, connection_id);
COMMENT ON TABLE  app_secrets               IS 'Secrets with which own apps sign their webhooks: one for each connection, two during a rotation. Kept when retired, so that what they have proved stays proved.';
COMMENT ON COLUMN app_secrets.secret_id     IS 'UUIDv7.';
COMMENT ON COLUMN app_secrets.connection_id IS 'The own-app connection.';
COMMENT ON COLUMN app_secrets.tenant_id     IS 'Owner.';
COMMENT ON COLUMN app_secrets.secret        IS 'Sealed by the vault, associated data app_secrets/<id>/secret.';
COMMENT ON COLUMN app_secrets.fingerprint   IS 'SHA-256 of the secret. Two connections with the same secret have the same app: what one proves holds for the other.';
COMMENT ON COLUMN app_secrets.created_at    IS 'When it was given.';
COMMENT ON COLUMN app_secrets.retires_at    IS 'From when it proves nothing new. NULL: it is current.';

CREATE FUNCTION in_scope(proved uuid, connection_id uuid, kind text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN proved IS NULL THEN kind = 'platform'
        WHEN proved = connection_id THEN true
        -- Several tenants may send through one app, each with a connection of its own. A secret
        -- that this connection has given up proves nothing to it, whoever holds it now.
        ELSE kind = 'own_app' AND EXISTS (
            SELECT
            FROM   app_secrets p
            JOIN   app_secrets o ON o.fingerprint = p.fingerprint
            WHERE  p.connection_id = proved
              AND  o.connection_id = in_scope.connection_id
              AND  (o.retires_at IS NULL OR o.retires_at > now())
        )
    END
$$;
COMMENT ON FUNCTION in_scope IS 'Whether what a signature proved (a connection, or NULL: the platform''s app) reaches a connection.';

ALTER TABLE wabas
    ADD COLUMN name          text,
    ADD COLUMN granted       boolean     NOT NULL DEFAULT true,
    ADD COLUMN subscribed_at timestamptz,
    ADD COLUMN review_status text,
    ADD COLUMN synced_at     timestamptz;
COMMENT ON COLUMN wabas.name          IS 'What its owner calls it, as Meta tells. NULL: not told.';
COMMENT ON COLUMN wabas.granted       IS 'Whether Meta still lets our token at it; false once the grant has lapsed.';
COMMENT ON COLUMN wabas.subscribed_at IS 'Since when our app is subscribed to its webhooks. NULL: it is not, or not known.';
COMMENT ON COLUMN wabas.review_status IS 'account_review_status, as Meta tells. NULL: not told.';
COMMENT ON COLUMN wabas.synced_at     IS 'When it was last read from Meta. NULL: never.';

ALTER TABLE phone_numbers
    ADD COLUMN display_phone_number text,
    ADD COLUMN verified_name        text,
    ADD COLUMN status               text,
    ADD COLUMN quality_rating       text,
    ADD COLUMN name_status          text,
    ADD COLUMN granted              boolean     NOT NULL DEFAULT true,
    ADD COLUMN pin                  bytea,
    ADD COLUMN registered_at        timestamptz,
    ADD COLUMN synced_at            timestamptz;
COMMENT ON COLUMN phone_numbers.display_phone_number IS 'The business number as Meta writes it. NULL: not told.';
COMMENT ON COLUMN phone_numbers.verified_name        IS 'The name customers see. NULL: not told.';
COMMENT ON COLUMN phone_numbers.status               IS 'Meta''s word, e.g. CONNECTED, the only one that can send. NULL: not told.';
COMMENT ON COLUMN phone_numbers.quality_rating       IS 'GREEN, YELLOW, RED or UNKNOWN, as Meta tells. NULL: not told.';
COMMENT ON COLUMN phone_numbers.name_status          IS 'Review of the name, as Meta tells. NULL: not told.';
COMMENT ON COLUMN phone_numbers.granted              IS 'Whether Meta still lists it under a WABA that we may reach.';
COMMENT ON COLUMN phone_numbers.pin                  IS 'Two-step PIN that it was registered with; sealed, associated data phone_numbers/<id>/pin. NULL: not registered by us.';
COMMENT ON COLUMN phone_numbers.registered_at        IS 'When we registered it. NULL: not by us.';
COMMENT ON COLUMN phone_numbers.synced_at            IS 'When it was last read from Meta. NULL: never.';

SELECT keep_to_tenant('app_secrets');
