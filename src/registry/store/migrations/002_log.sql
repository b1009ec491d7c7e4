-- The transparency log: what its entries stand for.

-- Signed statements (DSSE, one line) behind the entries that are public.
-- append-only: log_statement
CREATE TABLE log_statement (
    position BIGINT PRIMARY KEY REFERENCES log_leaf (position),
    envelope TEXT NOT NULL
);
