-- Vendors, products, cases, registrations. `data` is the whole value as JSON; the other columns are what is searched.

CREATE TABLE vendor (
    id TEXT PRIMARY KEY,
    corporate_number TEXT NOT NULL,
    state TEXT NOT NULL,
    created BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX vendor_number ON vendor (corporate_number);

CREATE TABLE product (
    id TEXT PRIMARY KEY,
    vendor TEXT NOT NULL REFERENCES vendor (id),
    name TEXT NOT NULL,
    created BIGINT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (vendor, name)
);

-- What is registered; never changed.
-- append-only: product_version
CREATE TABLE product_version (
    id TEXT PRIMARY KEY,
    product TEXT NOT NULL REFERENCES product (id),
    vendor TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    created BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX product_version_product ON product_version (product, created);

CREATE TABLE vendor_key (
    id TEXT PRIMARY KEY,
    vendor TEXT NOT NULL REFERENCES vendor (id),
    state TEXT NOT NULL,
    created BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX vendor_key_vendor ON vendor_key (vendor, created);

-- Texts to be signed with a new key.
CREATE TABLE key_proof (
    id TEXT PRIMARY KEY,
    vendor TEXT NOT NULL,
    expires BIGINT NOT NULL,
    data TEXT NOT NULL
);

CREATE TABLE challenge (
    id TEXT PRIMARY KEY,
    version TEXT NOT NULL REFERENCES product_version (id),
    vendor TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    state TEXT NOT NULL,
    opened BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (version, attempt)
);
CREATE INDEX challenge_vendor ON challenge (vendor, opened);
CREATE INDEX challenge_state ON challenge (state, expires);

CREATE TABLE submission (
    id TEXT PRIMARY KEY,
    vendor TEXT NOT NULL,
    product TEXT NOT NULL,
    version TEXT NOT NULL REFERENCES product_version (id),
    challenge TEXT NOT NULL UNIQUE REFERENCES challenge (id),
    manifest TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    received BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX submission_vendor ON submission (vendor, received);
CREATE INDEX submission_version ON submission (version, received);
CREATE INDEX submission_state ON submission (state, received);

-- Bundles that were not taken, so that attempts can be seen.
-- append-only: refused_bundle
CREATE TABLE refused_bundle (
    id TEXT PRIMARY KEY,
    vendor TEXT NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX refused_bundle_vendor ON refused_bundle (vendor, at);

-- Accounts that examined a case: they never approve it.
-- append-only: case_examiner
CREATE TABLE case_examiner (
    submission TEXT NOT NULL REFERENCES submission (id),
    account TEXT NOT NULL,
    label TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (submission, account)
);

-- append-only: remark
CREATE TABLE remark (
    id TEXT PRIMARY KEY,
    submission TEXT NOT NULL REFERENCES submission (id),
    position BIGINT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (submission, position)
);

CREATE TABLE document (
    id TEXT PRIMARY KEY,
    submission TEXT NOT NULL REFERENCES submission (id),
    state TEXT NOT NULL,
    uploaded BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX document_submission ON document (submission, uploaded);

CREATE TABLE waiver (
    id TEXT PRIMARY KEY,
    product TEXT,
    requirement TEXT NOT NULL,
    state TEXT NOT NULL,
    created BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX waiver_product ON waiver (product, created);

-- Who asked for a waiver, so that another one decides.
-- append-only: waiver_account
CREATE TABLE waiver_account (
    id TEXT PRIMARY KEY REFERENCES waiver (id),
    account TEXT NOT NULL
);

-- Claims that a test is wrong.
CREATE TABLE test_challenge (
    id TEXT PRIMARY KEY,
    vendor TEXT NOT NULL,
    state TEXT NOT NULL,
    opened BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX test_challenge_vendor ON test_challenge (vendor, opened);

-- Registrations: what their events fold to, for searching. The events count.
CREATE TABLE registration (
    id TEXT PRIMARY KEY,
    serial BIGINT NOT NULL UNIQUE,
    vendor TEXT NOT NULL,
    product TEXT NOT NULL,
    version TEXT NOT NULL,
    state TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX registration_vendor ON registration (vendor, serial);
CREATE INDEX registration_product ON registration (product, serial);
CREATE INDEX registration_state ON registration (state, valid_until);

-- append-only: registration_event
CREATE TABLE registration_event (
    id TEXT PRIMARY KEY,
    registration TEXT NOT NULL REFERENCES registration (id),
    sequence BIGINT NOT NULL,
    log_index BIGINT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (registration, sequence)
);

-- What examiners recommend about registrations.
CREATE TABLE recommendation (
    id TEXT PRIMARY KEY,
    registration TEXT NOT NULL REFERENCES registration (id),
    account TEXT NOT NULL,
    open BIGINT NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX recommendation_registration ON recommendation (registration, open);

-- Signed reports that registrations rest on.
-- append-only: public_report
CREATE TABLE public_report (
    id TEXT PRIMARY KEY,
    envelope TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- Time stamps of signed payloads.
-- append-only: time_stamp
CREATE TABLE time_stamp (
    id TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE finding (
    id TEXT PRIMARY KEY,
    registration TEXT NOT NULL REFERENCES registration (id),
    state TEXT NOT NULL,
    opened BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX finding_registration ON finding (registration, opened);

-- append-only: interconnection
CREATE TABLE interconnection (
    id TEXT PRIMARY KEY,
    sender TEXT NOT NULL REFERENCES registration (id),
    receiver TEXT NOT NULL REFERENCES registration (id),
    at BIGINT NOT NULL,
    data TEXT NOT NULL
);

CREATE TABLE suite (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    position BIGINT NOT NULL UNIQUE,
    data TEXT NOT NULL
);

-- Signed statements about suites and keys.
-- append-only: signed_statement
CREATE TABLE signed_statement (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    envelope TEXT NOT NULL,
    log_index BIGINT NOT NULL UNIQUE,
    at BIGINT NOT NULL
);
CREATE INDEX signed_statement_object ON signed_statement (object, log_index);

-- append-only: snapshot
CREATE TABLE snapshot (
    position BIGINT PRIMARY KEY,
    catalog TEXT NOT NULL,
    envelope TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE notice (
    id TEXT PRIMARY KEY,
    vendor TEXT,
    role TEXT,
    topic TEXT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX notice_vendor ON notice (vendor, at);
CREATE INDEX notice_role ON notice (role, at);

CREATE TABLE notice_read (
    notice TEXT NOT NULL REFERENCES notice (id),
    account TEXT NOT NULL,
    PRIMARY KEY (notice, account)
);
