-- Where dispatchers tell each other whether they hear Redis.
--
-- While a dispatcher hears it, Redis gives out the whole of every limit. One that does not may send by its
-- share of them only if nobody hears it; and that none of them can learn from Redis.

CREATE TABLE limit_workers (
    worker_id   uuid        PRIMARY KEY,
    told_at     timestamptz NOT NULL,
    hears_redis boolean     NOT NULL
);

COMMENT ON TABLE  limit_workers             IS 'Dispatchers that share the limits, each by its own word. Written by dispatcher.';
COMMENT ON COLUMN limit_workers.worker_id   IS 'One start of a dispatcher; no two have the same.';
COMMENT ON COLUMN limit_workers.told_at     IS 'When it last said so, by the clock of the database.';
COMMENT ON COLUMN limit_workers.hears_redis IS 'Whether it hears Redis; where it does not, it found that nobody does, and may send by its share.';
