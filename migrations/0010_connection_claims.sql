-- What a connection claims and Meta has not confirmed, and what the environment set last.

ALTER TABLE connections
    ADD COLUMN claimed_waba_id         text,
    ADD COLUMN claimed_phone_number_id text,
    ADD COLUMN environment_fingerprint text;
COMMENT ON COLUMN connections.claimed_waba_id         IS 'The WABA that its owner says it reaches, until Meta confirms it; a claim keeps nobody else from that WABA. NULL: confirmed, or none.';
COMMENT ON COLUMN connections.claimed_phone_number_id IS 'The number that its owner says lies in that WABA, until Meta confirms it. NULL: confirmed, or none.';
COMMENT ON COLUMN connections.environment_fingerprint IS 'As token_fingerprint, of the token that the environment set last: a start sets it again only when the environment has another one. NULL: never set by it.';

CREATE INDEX phone_numbers_connection ON phone_numbers (connection_id);
