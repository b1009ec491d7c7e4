//! One text of SQL for two databases: what is translated, and how.
//!
//! Statements are written as SQLite understands them, with `?1`, `?2` … and the types TEXT, BIGINT and BLOB. PostgreSQL
//! gets `$1`, BYTEA, and text that is compared and sorted by bytes (`COLLATE "C"`), as SQLite does it; SQLite gets STRICT
//! tables, which refuse values of another type, as PostgreSQL does it.

/// A database that is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A piece of SQL.
#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Word(&'a str),
    Placeholder(&'a str),
    /// Quoted text and names, comments, blanks and everything else.
    Other(&'a str),
    Comment(&'a str),
    End,
}

/// Pieces of a text, whose concatenation is the text.
fn pieces<'a>(sql: &'a str) -> Vec<Piece<'a>> {
    let bytes = sql.as_bytes();
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = &sql[at..];
        let run = |is: fn(u8) -> bool| bytes[at + 1..].iter().take_while(|byte| is(**byte)).count() + 1;
        let (length, make): (usize, fn(&'a str) -> Piece<'a>) = match byte {
            b'\'' | b'"' => (quoted(rest), Piece::Other),
            b'-' if rest.starts_with("--") => (rest.find('\n').unwrap_or(rest.len()), Piece::Comment),
            b'?' => (run(|byte| byte.is_ascii_digit()), Piece::Placeholder),
            b';' => (1, |_| Piece::End),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => (run(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), Piece::Word),
            // Digits, operators, blanks, and whole characters beyond ASCII.
            byte if byte.is_ascii_digit() => (run(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), Piece::Other),
            _ => (rest.chars().next().map_or(1, char::len_utf8), Piece::Other),
        };
        pieces.push(make(&rest[..length]));
        at += length;
    }
    pieces
}

/// Bytes of a quoted text or name at the beginning, doubled quotes inside.
fn quoted(rest: &str) -> usize {
    let quote = rest.as_bytes()[0];
    let mut inside = rest.bytes().enumerate().skip(1);
    while let Some((at, byte)) = inside.next() {
        if byte == quote {
            if rest.as_bytes().get(at + 1) != Some(&quote) {
                return at + 1;
            }
            inside.next();
        }
    }
    rest.len()
}

/// A statement for PostgreSQL.
pub(super) fn postgres_statement(sql: &str) -> String {
    let translated = pieces(sql).into_iter().map(|piece| match piece {
        Piece::Placeholder(text) => text.replacen('?', "$", 1),
        Piece::Word(text) | Piece::Other(text) | Piece::Comment(text) => text.to_owned(),
        Piece::End => ";".to_owned(),
    });
    translated.collect()
}

/// The statements of a migration, and what its comments ask for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Script {
    pub(super) statements: Vec<String>,
    /// Tables of the comments `-- append-only: table`.
    pub(super) append_only: Vec<String>,
}

/// Translates a migration.
pub(super) fn script(sql: &str, dialect: Dialect) -> Script {
    let mut script = Script::default();
    let mut statement = String::new();
    let mut words: Vec<String> = Vec::new();
    for piece in pieces(sql).into_iter().chain([Piece::End]) {
        match piece {
            Piece::Comment(text) => {
                if let Some(table) = text.strip_prefix("-- append-only:") {
                    script.append_only.push(table.trim().to_owned());
                }
            }
            Piece::Word(text) => {
                words.push(text.to_ascii_uppercase());
                let translated = match (dialect, words.last().map(String::as_str)) {
                    (Dialect::Sqlite, Some("BIGINT")) => "INTEGER",
                    (Dialect::Postgres, Some("BLOB")) => "BYTEA",
                    (Dialect::Postgres, Some("TEXT")) => "TEXT COLLATE \"C\"",
                    _ => text,
                };
                statement.push_str(translated);
            }
            Piece::Placeholder(text) | Piece::Other(text) => statement.push_str(text),
            Piece::End => {
                let begins = |with: [&str; 2]| words.iter().take(2).eq(with.iter());
                if dialect == Dialect::Sqlite && begins(["CREATE", "TABLE"]) {
                    statement.push_str(" STRICT");
                }
                let done = std::mem::take(&mut statement);
                if !done.trim().is_empty() {
                    script.statements.push(done.trim().to_owned());
                }
                words.clear();
            }
        }
    }
    script
}

/// Statements that make a table one whose rows are never changed and never go. SQLite needs `recursive_triggers` on every
/// connection besides: without, `INSERT OR REPLACE` removes a row and no trigger is asked.
pub(super) fn append_only(table: &str, dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Sqlite => ["UPDATE", "DELETE"]
            .iter()
            .map(|act| {
                let name = act.to_ascii_lowercase();
                format!(
                    "CREATE TRIGGER {table}_no_{name} BEFORE {act} ON {table} \
                     BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}: {table}'); END"
                )
            })
            .collect(),
        Dialect::Postgres => vec![
            format!(
                "CREATE OR REPLACE FUNCTION junkyo_append_only() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION '{APPEND_ONLY}: %', TG_TABLE_NAME USING ERRCODE = 'JK001'; END $$"
            ),
            format!(
                "CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION junkyo_append_only()"
            ),
            format!(
                "CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} \
                 FOR EACH STATEMENT EXECUTE FUNCTION junkyo_append_only()"
            ),
        ],
    }
}

/// What the triggers of append-only tables say.
pub(super) const APPEND_ONLY: &str = "rows are never changed and never removed";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_translated_and_quotes_are_not() {
        let sql = "SELECT '?1 it''s', \"?2\", a || ?1 -- why ?3\n FROM 税 WHERE b = ?12 AND c LIKE '\\' ";
        let expected = "SELECT '?1 it''s', \"?2\", a || $1 -- why ?3\n FROM 税 WHERE b = $12 AND c LIKE '\\' ";
        assert_eq!(postgres_statement(sql), expected);
        assert_eq!(postgres_statement("SELECT 'open"), "SELECT 'open");
    }

    #[test]
    fn a_migration_gets_the_types_of_each_database() {
        let sql = "-- Words; of a comment.\n-- append-only: a\nCREATE TABLE a (b BIGINT PRIMARY KEY, c TEXT NOT NULL, \
                   d BLOB, text_e TEXT CHECK (c <> 'TEXT;'));\nCREATE INDEX a_c ON a (c);\n";
        let sqlite = script(sql, Dialect::Sqlite);
        assert_eq!(
            sqlite.statements,
            [
                "CREATE TABLE a (b INTEGER PRIMARY KEY, c TEXT NOT NULL, d BLOB, text_e TEXT CHECK (c <> 'TEXT;')) STRICT",
                "CREATE INDEX a_c ON a (c)"
            ]
        );
        assert_eq!(sqlite.append_only, ["a"]);
        let postgres = script(sql, Dialect::Postgres);
        assert_eq!(
            postgres.statements[0],
            "CREATE TABLE a (b BIGINT PRIMARY KEY, c TEXT COLLATE \"C\" NOT NULL, d BYTEA, \
             text_e TEXT COLLATE \"C\" CHECK (c <> 'TEXT;'))"
        );
    }
}
