-- Tenants, their keys, and the credentials and numbers with which they reach Meta.

CREATE TABLE tenants (
    tenant_id  uuid        PRIMARY KEY,
    name       text        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT tenants_name_key UNIQUE (name),
    CONSTRAINT tenants_name_length CHECK (char_length(name) BETWEEN 1 AND 100)
);
COMMENT ON TABLE  tenants            IS 'One customer of this installation. Written by waypost and admin-api.';
COMMENT ON COLUMN tenants.tenant_id  IS 'UUIDv7; never reused.';
COMMENT ON COLUMN tenants.name       IS 'What people and scripts call the tenant; unique.';
COMMENT ON COLUMN tenants.created_at IS 'When the tenant was made.';

CREATE TABLE api_keys (
    api_key_id   uuid        PRIMARY KEY,
    tenant_id    uuid        NOT NULL REFERENCES tenants,
    name         text        NOT NULL,
    secret_hash  bytea       NOT NULL,
    scopes       text[]      NOT NULL,
    created_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    CONSTRAINT api_keys_hash_is_sha256 CHECK (octet_length(secret_hash) = 32)
);
CREATE INDEX api_keys_tenant ON api_keys (tenant_id);
COMMENT ON TABLE  api_keys             IS 'Keys with which internal services call the API. The secret half is shown once and never stored.';
COMMENT ON COLUMN api_keys.api_key_id  IS 'Public half of the key; UUIDv7.';
COMMENT ON COLUMN api_keys.tenant_id   IS 'The only tenant the key can act for.';
COMMENT ON COLUMN api_keys.name        IS 'What the key is for, in its maker''s words.';
COMMENT ON COLUMN api_keys.secret_hash IS 'SHA-256 of the secret half: 256 random bits need no slow hash.';
COMMENT ON COLUMN api_keys.scopes      IS 'What the key may do, e.g. messages:write.';
COMMENT ON COLUMN api_keys.created_at  IS 'When the key was made.';
COMMENT ON COLUMN api_keys.revoked_at  IS 'Since when the key is refused; NULL while it is good.';

CREATE TABLE connections (
    connection_id  uuid        PRIMARY KEY,
    tenant_id      uuid        NOT NULL REFERENCES tenants,
    kind           text        NOT NULL,
    access_token   bytea       NOT NULL,
    blocked_until  timestamptz,
    blocked_reason text,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT connections_kind CHECK (kind IN ('platform', 'own_app'))
);
CREATE INDEX connections_tenant ON connections (tenant_id);
COMMENT ON TABLE  connections                IS 'One set of credentials with which a tenant reaches Meta.';
COMMENT ON COLUMN connections.connection_id  IS 'UUIDv7.';
COMMENT ON COLUMN connections.tenant_id      IS 'Owner.';
COMMENT ON COLUMN connections.kind           IS 'Whose app signs the webhooks: platform (META_APP_ID) or own_app (the tenant''s).';
COMMENT ON COLUMN connections.access_token   IS 'Sealed by the vault (AES-256-GCM), associated data connections/<id>/access_token.';
COMMENT ON COLUMN connections.blocked_until  IS 'Until when nothing is sent because Meta refused the credentials; then one batch tries again. Written by dispatcher, cleared when the token is replaced. NULL: not blocked.';
COMMENT ON COLUMN connections.blocked_reason IS 'What a person has to do to unblock it. NULL: not blocked.';
COMMENT ON COLUMN connections.created_at     IS 'When the connection was made.';
COMMENT ON COLUMN connections.updated_at     IS 'When the token was last replaced.';

CREATE TABLE wabas (
    waba_id       text        PRIMARY KEY,
    tenant_id     uuid        NOT NULL REFERENCES tenants,
    connection_id uuid        NOT NULL REFERENCES connections,
    portfolio_id  text,
    tier          text,
    created_at    timestamptz NOT NULL,
    CONSTRAINT wabas_tier CHECK (tier = 'unlimited' OR tier ~ '^[1-9][0-9]{0,9}$')
);
COMMENT ON TABLE  wabas               IS 'WhatsApp Business Accounts that a tenant has granted us.';
COMMENT ON COLUMN wabas.waba_id       IS 'Meta''s id.';
COMMENT ON COLUMN wabas.tenant_id     IS 'Owner.';
COMMENT ON COLUMN wabas.connection_id IS 'The credentials that reach it.';
COMMENT ON COLUMN wabas.portfolio_id  IS 'Meta''s id of the business portfolio whose messaging limit it shares; NULL while unknown, then the WABA stands for itself.';
COMMENT ON COLUMN wabas.tier          IS 'Unique recipients outside a service window in 24 hours: a number or unlimited; NULL until Meta has told it, then 250 is assumed.';
COMMENT ON COLUMN wabas.created_at    IS 'When it was granted.';

CREATE TABLE phone_numbers (
    phone_number_id     text        PRIMARY KEY,
    waba_id             text        NOT NULL REFERENCES wabas,
    tenant_id           uuid        NOT NULL REFERENCES tenants,
    connection_id       uuid        NOT NULL REFERENCES connections,
    messages_per_second integer     NOT NULL DEFAULT 80,
    paused_until        timestamptz,
    paused_reason       text,
    created_at          timestamptz NOT NULL,
    CONSTRAINT phone_numbers_messages_per_second CHECK (messages_per_second BETWEEN 1 AND 10000)
);
CREATE INDEX phone_numbers_tenant ON phone_numbers (tenant_id);
COMMENT ON TABLE  phone_numbers                     IS 'Business phone numbers from which messages are sent.';
COMMENT ON COLUMN phone_numbers.phone_number_id     IS 'Meta''s id of the number; not the number itself.';
COMMENT ON COLUMN phone_numbers.waba_id             IS 'The account it belongs to.';
COMMENT ON COLUMN phone_numbers.tenant_id           IS 'Owner.';
COMMENT ON COLUMN phone_numbers.connection_id       IS 'The credentials that send from it.';
COMMENT ON COLUMN phone_numbers.messages_per_second IS 'Meta''s throughput: 80 by default, up to 1,000 after an upgrade, 20 for numbers that also run in the WhatsApp Business app.';
COMMENT ON COLUMN phone_numbers.paused_until        IS 'Until when nothing is sent from it, e.g. during Meta''s maintenance (131057). Written by dispatcher. NULL: not paused.';
COMMENT ON COLUMN phone_numbers.paused_reason       IS 'Why it is paused, for a person. NULL: not paused.';
COMMENT ON COLUMN phone_numbers.created_at          IS 'When it was added.';
