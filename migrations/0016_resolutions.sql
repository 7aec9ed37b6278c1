-- What a person says of a message whose fate is unknown. It is our own part of the message's way,
-- not a fact: whatever Meta reports later outweighs it.

-- Rows that stand keep within the narrower rule, so nothing has to be looked through.
ALTER TABLE messages DROP CONSTRAINT messages_stage;
ALTER TABLE messages ADD CONSTRAINT messages_stage CHECK
    (stage IN ('queued', 'sending', 'unknown', 'accepted', 'failed', 'cancelled', 'expired')) NOT VALID;
COMMENT ON COLUMN messages.stage IS 'Our own part of its way; outweighed by every fact below. accepted and failed are the word of a person (resolutions); Meta''s own are facts.';

CREATE TABLE resolutions (
    message_id  uuid        NOT NULL,
    claim_no    integer     NOT NULL,
    tenant_id   uuid        NOT NULL,
    at          timestamptz NOT NULL,
    resolved_as text        NOT NULL,
    actor_kind  text        NOT NULL,
    reason      text,
    PRIMARY KEY (message_id, claim_no),
    CONSTRAINT resolutions_word       CHECK (resolved_as IN ('sent', 'not_sent', 'failed')),
    CONSTRAINT resolutions_actor_kind CHECK (actor_kind IN ('api_key', 'member', 'operator')),
    CONSTRAINT resolutions_reason     CHECK (char_length(reason) BETWEEN 1 AND 500)
);
SELECT keep_to_tenant('resolutions');
-- Nobody rewrites history.
REVOKE UPDATE, DELETE ON resolutions FROM waypost_tenant;
COMMENT ON TABLE  resolutions             IS 'Every time somebody said what became of an unknown message: its timeline. Written by admin-api and waypost, with a line in audit_log that says who.';
COMMENT ON COLUMN resolutions.message_id  IS 'The message.';
COMMENT ON COLUMN resolutions.claim_no    IS 'The claim whose answer was lost; a message that is sent again may be unknown again.';
COMMENT ON COLUMN resolutions.tenant_id   IS 'Owner of the message.';
COMMENT ON COLUMN resolutions.at          IS 'When it was said.';
COMMENT ON COLUMN resolutions.resolved_as IS 'sent: it went out; not_sent: it did not, and was queued again or had expired; failed: it was given up.';
COMMENT ON COLUMN resolutions.actor_kind  IS 'As audit_log.actor_kind.';
COMMENT ON COLUMN resolutions.reason      IS 'How they know, in their own words; shown to the tenant, not for logs. NULL: they did not say.';
