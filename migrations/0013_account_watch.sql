-- What account-sync asks Meta for by itself, and what it watches.

ALTER TABLE connections
    ADD COLUMN sync_failures integer NOT NULL DEFAULT 0,
    ADD COLUMN token_lacks   text[],
    ADD COLUMN app_problem   text,
    ADD COLUMN watched_at    timestamptz;
CREATE INDEX connections_watched ON connections (watched_at NULLS FIRST);
COMMENT ON COLUMN connections.sync_failures IS 'How often in a row Meta did not answer, or wanted to be asked less often. 0: it answered when last asked.';
COMMENT ON COLUMN connections.token_lacks   IS 'Permissions that the token needs and lacks (debug_token). Empty: none. NULL: not known.';
COMMENT ON COLUMN connections.app_problem   IS 'Why app id, App Secret and token do not belong together (debug_token), for a person. NULL: they do, or it is not known.';
COMMENT ON COLUMN connections.watched_at    IS 'When account-sync last looked whether its webhooks and statuses come. NULL: never.';

ALTER TABLE phone_numbers
    ADD COLUMN health        text,
    ADD COLUMN health_detail text;
COMMENT ON COLUMN phone_numbers.health        IS 'health_status of the number itself: AVAILABLE, LIMITED or BLOCKED. NULL: not asked yet.';
COMMENT ON COLUMN phone_numbers.health_detail IS 'What stands in its way, in Meta''s words. NULL: nothing was told.';
