-- When a key was last used.

ALTER TABLE api_keys ADD COLUMN last_used_at timestamptz;
COMMENT ON COLUMN api_keys.last_used_at IS 'When the key was last used, to the minute. NULL: it never was. Written by admin-api.';
