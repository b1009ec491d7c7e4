-- Lists of clauses that municipalities saved, what they decided about them, and the procurement board.
-- `data` is the whole value as JSON; the other columns are what is searched.

CREATE TABLE clause_list (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    created BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX clause_list_account ON clause_list (account, created);

CREATE TABLE clause_decision (
    list TEXT NOT NULL REFERENCES clause_list (id),
    clause TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (list, clause)
);

CREATE TABLE board_notice (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    deadline TEXT NOT NULL,
    created BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX board_notice_deadline ON board_notice (deadline);
