-- Accounts and every way to prove that one is somebody. Of secrets only SHA-256 is kept.

CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    vendor TEXT,
    active BIGINT NOT NULL,
    staff_number BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX account_vendor ON account (vendor);

CREATE TABLE signin_code (
    hash TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX signin_code_account ON signin_code (account);

CREATE TABLE credential (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    name TEXT NOT NULL,
    public_key BLOB NOT NULL,
    counter BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX credential_account ON credential (account);

CREATE TABLE federated_identity (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES account (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX federated_identity_account ON federated_identity (account);

CREATE TABLE session (
    hash TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    method TEXT NOT NULL,
    network TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_expires ON session (expires_at);

-- What was asked of a browser and has to come back: the challenge of a passkey, state and nonce of an identity provider.
CREATE TABLE ceremony (
    session TEXT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (session, kind)
);

CREATE TABLE api_token (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES account (id),
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    product TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_token_account ON api_token (account);

-- Secret of form tokens, shared by all instances.
CREATE TABLE form_key (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);
