-- What the column has held since the log knows scopes.

COMMENT ON COLUMN webhook_events.poison IS 'Items that nothing was done with: those that could not be read, and those about an account that the signature does not reach: [{pointer, detail}]; their neighbours were processed.';
