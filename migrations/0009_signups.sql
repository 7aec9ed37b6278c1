-- Embedded Signup: how far each run of Meta's overlay came, step by step.

CREATE TABLE signups (
    signup_id     uuid        PRIMARY KEY,
    tenant_id     uuid        NOT NULL REFERENCES tenants,
    connection_id uuid        REFERENCES connections,
    event         text        NOT NULL,
    session       jsonb       NOT NULL,
    code_hash     bytea,
    state         text        NOT NULL,
    working_until timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT signups_state CHECK (state IN ('unfinished', 'finished', 'abandoned')),
    CONSTRAINT signups_code_key UNIQUE (tenant_id, code_hash)
);
CREATE INDEX signups_by_tenant ON signups (tenant_id, signup_id);
COMMENT ON TABLE  signups               IS 'One run of Meta''s Embedded Signup overlay. Written by admin-api.';
COMMENT ON COLUMN signups.signup_id     IS 'UUIDv7.';
COMMENT ON COLUMN signups.tenant_id     IS 'Who signed up.';
COMMENT ON COLUMN signups.connection_id IS 'The connection it made. NULL: the code was not exchanged yet.';
COMMENT ON COLUMN signups.event         IS 'How the overlay ended, in Meta''s word: FINISH, CANCEL, ….';
COMMENT ON COLUMN signups.session       IS 'The ids that the browser reported. They prove nothing; for CANCEL where it was left.';
COMMENT ON COLUMN signups.code_hash     IS 'SHA-256 of the code, so that a code sent twice is one signup. NULL: none came.';
COMMENT ON COLUMN signups.state         IS 'unfinished: a step is to be done again; finished; abandoned: left in the overlay.';
COMMENT ON COLUMN signups.working_until IS 'Until when somebody works on its steps. NULL: nobody does.';
COMMENT ON COLUMN signups.created_at    IS 'When it came.';
COMMENT ON COLUMN signups.updated_at    IS 'When it last went on.';

CREATE TABLE signup_steps (
    signup_id uuid        NOT NULL REFERENCES signups,
    tenant_id uuid        NOT NULL REFERENCES tenants,
    step      text        NOT NULL,
    outcome   text        NOT NULL,
    cause     text,
    remedy    text,
    detail    jsonb       NOT NULL DEFAULT '{}',
    tries     integer     NOT NULL DEFAULT 1,
    at        timestamptz NOT NULL,
    PRIMARY KEY (signup_id, step),
    CONSTRAINT signup_steps_outcome CHECK (outcome IN ('done', 'skipped', 'failed'))
);
COMMENT ON TABLE  signup_steps           IS 'What came of each step of a signup, the newest try.';
COMMENT ON COLUMN signup_steps.signup_id IS 'The signup.';
COMMENT ON COLUMN signup_steps.tenant_id IS 'Its tenant.';
COMMENT ON COLUMN signup_steps.step      IS 'exchange, inspect, assets, subscribe, register.';
COMMENT ON COLUMN signup_steps.outcome   IS 'done, skipped (not needed) or failed.';
COMMENT ON COLUMN signup_steps.cause     IS 'Why it failed or was skipped, in words. NULL: it is done.';
COMMENT ON COLUMN signup_steps.remedy    IS 'What to do. NULL: nothing.';
COMMENT ON COLUMN signup_steps.detail    IS 'What it found, e.g. the accounts that were granted; no secret.';
COMMENT ON COLUMN signup_steps.tries     IS 'How often it was tried.';
COMMENT ON COLUMN signup_steps.at        IS 'When it was last tried.';

SELECT keep_to_tenant('signups');
SELECT keep_to_tenant('signup_steps');
