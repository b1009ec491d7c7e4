-- What every part of the register rests on.

-- Numbers that are given once, in order: names of sequences and the last number given.
CREATE TABLE sequence (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);

-- Work to be done by any worker. `due` and `lease_until` are Unix milliseconds; order is that of `id`.
CREATE TABLE job (
    id BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    attempts BIGINT NOT NULL,
    due BIGINT NOT NULL,
    lease TEXT,
    lease_until BIGINT,
    worker TEXT,
    result TEXT,
    error TEXT,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    UNIQUE (kind, key)
);
CREATE INDEX job_state ON job (state, id);

-- Who did what to what, or read what is not published. `hash` is over the row and `previous`.
-- append-only: audit
CREATE TABLE audit (
    sequence BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
);
CREATE INDEX audit_actor ON audit (actor, sequence);
CREATE INDEX audit_object ON audit (object, sequence);

-- Which blob belongs to what.
CREATE TABLE blob_ref (
    digest TEXT NOT NULL CHECK (LENGTH(digest) = 64),
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    size BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (digest, kind, object)
);
CREATE INDEX blob_ref_object ON blob_ref (object);

-- Leaves of the transparency log.
-- append-only: log_leaf
CREATE TABLE log_leaf (
    position BIGINT PRIMARY KEY,
    hash BLOB NOT NULL,
    leaf TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- Checkpoints that were signed: never two roots for one size.
-- append-only: log_checkpoint
CREATE TABLE log_checkpoint (
    size BIGINT PRIMARY KEY,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    at BIGINT NOT NULL
);
