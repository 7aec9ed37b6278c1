-- Who may do what, what was done, and what somebody should know.

CREATE TABLE members (
    member_id  uuid        PRIMARY KEY,
    tenant_id  uuid        NOT NULL REFERENCES tenants,
    issuer     text        NOT NULL,
    subject    text,
    email      text,
    role       text        NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT members_role CHECK (role IN ('owner', 'admin', 'agent', 'service')),
    CONSTRAINT members_are_somebody CHECK (subject IS NOT NULL OR email IS NOT NULL),
    CONSTRAINT members_subject_key UNIQUE (tenant_id, issuer, subject)
);
CREATE UNIQUE INDEX members_email_key ON members (tenant_id, issuer, lower(email)) WHERE email IS NOT NULL;
CREATE INDEX members_by_subject ON members (issuer, subject);
COMMENT ON TABLE  members            IS 'People (and services) of an identity provider, and what they may do for a tenant. Written by admin-api and waypost.';
COMMENT ON COLUMN members.member_id  IS 'UUIDv7.';
COMMENT ON COLUMN members.tenant_id  IS 'For whom they act; one person may act for several.';
COMMENT ON COLUMN members.issuer     IS 'The identity provider: iss of its tokens.';
COMMENT ON COLUMN members.subject    IS 'Their id there: sub of their tokens. NULL until their first call, when they were invited by address.';
COMMENT ON COLUMN members.email      IS 'The address they were invited by; counts only when the provider has verified it. NULL: known by subject alone.';
COMMENT ON COLUMN members.role       IS 'owner, admin, agent or service; stands for a set of scopes.';
COMMENT ON COLUMN members.created_at IS 'When they were added.';
COMMENT ON COLUMN members.updated_at IS 'When role or subject last changed.';

CREATE TABLE audit_log (
    audit_id   uuid        NOT NULL,
    tenant_id  uuid        NOT NULL,
    at         timestamptz NOT NULL,
    actor_kind text        NOT NULL,
    actor      text,
    action     text        NOT NULL,
    subject    text,
    detail     jsonb       NOT NULL DEFAULT '{}',
    PRIMARY KEY (audit_id, tenant_id),
    CONSTRAINT audit_log_actor_kind CHECK (actor_kind IN ('api_key', 'member', 'operator', 'meta', 'waypost'))
) PARTITION BY RANGE (audit_id);
CREATE INDEX audit_log_by_tenant ON audit_log (tenant_id, audit_id);
CREATE TABLE audit_log_default PARTITION OF audit_log DEFAULT;
COMMENT ON TABLE  audit_log            IS 'What was done, by whom; written in the transaction of the change it tells of, and never changed.';
COMMENT ON COLUMN audit_log.audit_id   IS 'UUIDv7; of a webhook its event_id, so that a repetition finds its row.';
COMMENT ON COLUMN audit_log.tenant_id  IS 'Whom it concerns. One webhook may concern several: a row each.';
COMMENT ON COLUMN audit_log.at         IS 'When it was done.';
COMMENT ON COLUMN audit_log.actor_kind IS 'Who did it: an API key, a member, an operator at the command line, Meta by a webhook, or Waypost by itself.';
COMMENT ON COLUMN audit_log.actor      IS 'Id of the key or member. NULL: there is none.';
COMMENT ON COLUMN audit_log.action     IS 'What was done, e.g. connection.created or webhook.inbound.received.';
COMMENT ON COLUMN audit_log.subject    IS 'Id of what it was done to. NULL: the tenant itself.';
COMMENT ON COLUMN audit_log.detail     IS 'What a reader needs beside it; never a secret, a body or a customer''s number.';

CREATE TABLE notifications (
    notification_id uuid        PRIMARY KEY,
    tenant_id       uuid        NOT NULL REFERENCES tenants,
    kind            text        NOT NULL,
    subject         text        NOT NULL,
    severity        text        NOT NULL,
    roles           text[]      NOT NULL,
    cause           text        NOT NULL,
    remedy          text        NOT NULL,
    raised_at       timestamptz NOT NULL,
    last_seen_at    timestamptz NOT NULL,
    occurrences     integer     NOT NULL DEFAULT 1,
    cleared_at      timestamptz,
    CONSTRAINT notifications_severity CHECK (severity IN ('info', 'warning', 'critical'))
);
CREATE UNIQUE INDEX notifications_open ON notifications (tenant_id, kind, subject) WHERE cleared_at IS NULL;
CREATE INDEX notifications_by_tenant ON notifications (tenant_id, notification_id);
COMMENT ON TABLE  notifications                 IS 'Trouble that a person should know of: one open row for each cause, cleared when it heals.';
COMMENT ON COLUMN notifications.notification_id IS 'UUIDv7.';
COMMENT ON COLUMN notifications.tenant_id       IS 'Whose trouble it is.';
COMMENT ON COLUMN notifications.kind            IS 'What is wrong, e.g. webhook.signature or number.quality.';
COMMENT ON COLUMN notifications.subject         IS 'With which thing: a connection, WABA or number id.';
COMMENT ON COLUMN notifications.severity        IS 'info, warning or critical.';
COMMENT ON COLUMN notifications.roles           IS 'Whose inbox it is in.';
COMMENT ON COLUMN notifications.cause           IS 'What happened, in words.';
COMMENT ON COLUMN notifications.remedy          IS 'What to do about it, in words.';
COMMENT ON COLUMN notifications.raised_at       IS 'When it was first seen.';
COMMENT ON COLUMN notifications.last_seen_at    IS 'When it was last seen.';
COMMENT ON COLUMN notifications.occurrences     IS 'How often it was seen.';
COMMENT ON COLUMN notifications.cleared_at      IS 'When it healed, or was dismissed. NULL: it is open.';

CREATE TABLE notification_reads (
    notification_id uuid        NOT NULL REFERENCES notifications ON DELETE CASCADE,
    tenant_id       uuid        NOT NULL,
    reader          text        NOT NULL,
    read_at         timestamptz NOT NULL,
    PRIMARY KEY (notification_id, reader)
);
COMMENT ON TABLE  notification_reads                 IS 'Who has read which notification.';
COMMENT ON COLUMN notification_reads.notification_id IS 'The notification.';
COMMENT ON COLUMN notification_reads.tenant_id       IS 'Its tenant.';
COMMENT ON COLUMN notification_reads.reader          IS 'Id of the member or API key.';
COMMENT ON COLUMN notification_reads.read_at         IS 'When.';

-- What follows keeps a tenant to its own rows, whatever a statement says: whoever acts for one
-- tenant does it as this role, with the tenant's id in waypost.tenant_id.
DO $$ BEGIN
    CREATE ROLE waypost_tenant NOLOGIN NOSUPERUSER NOBYPASSRLS;
EXCEPTION
    -- Roles belong to the whole server: another database of Waypost may have made it.
    WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN
    EXECUTE format('GRANT waypost_tenant TO %I', current_user);
END $$;

CREATE FUNCTION acting_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT NULLIF(current_setting('waypost.tenant_id', true), '')::uuid
$$;
COMMENT ON FUNCTION acting_tenant IS 'The tenant for whom the transaction acts; NULL: for none, then no row is visible.';

CREATE FUNCTION keep_to_tenant(target regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY own_rows ON %s TO waypost_tenant USING (tenant_id = (SELECT acting_tenant()))',
        target
    );
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO waypost_tenant', target);
END
$$;
COMMENT ON FUNCTION keep_to_tenant IS 'Lets waypost_tenant at a table that has a tenant_id, and there at the rows of the acting tenant alone.';

DO $$ BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO waypost_tenant', current_schema());
END $$;
SELECT keep_to_tenant(target::regclass)
FROM   UNNEST(ARRAY['tenants', 'members', 'api_keys', 'connections', 'wabas', 'phone_numbers', 'messages',
                    'idempotency_keys', 'audit_log', 'notifications', 'notification_reads']) AS target;
-- A tenant neither makes nor ends itself, and nobody rewrites history.
REVOKE INSERT, UPDATE, DELETE ON tenants   FROM waypost_tenant;
REVOKE         UPDATE, DELETE ON audit_log FROM waypost_tenant;
REVOKE                 DELETE ON messages  FROM waypost_tenant;

-- These have no tenant_id of their own: their message is visible or it is not.
ALTER TABLE attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE waits    ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON attempts TO waypost_tenant
    USING (EXISTS (SELECT FROM messages m WHERE m.message_id = attempts.message_id));
CREATE POLICY own_rows ON waits TO waypost_tenant
    USING (EXISTS (SELECT FROM messages m WHERE m.message_id = waits.message_id));
GRANT SELECT ON attempts, waits TO waypost_tenant;

-- As before, and the audit log beside.
CREATE OR REPLACE FUNCTION ensure_month_partitions(instant timestamptz) RETURNS integer
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
    FOREACH parent IN ARRAY ARRAY['messages', 'attempts', 'waits', 'webhook_events', 'audit_log'] LOOP
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
