//! How the tables came to be: numbered files, applied in order, each once and whole.
//!
//! A file that was released is never changed: what is to be different stands in a new one.

/// A step of the schema.
pub(super) struct Migration {
    pub(super) number: i64,
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

macro_rules! migrations {
    ($($number:literal $name:literal $file:literal;)*) => {
        /// All steps, in order.
        pub(super) const MIGRATIONS: &[Migration] = &[$(Migration {
            number: $number,
            name: $name,
            sql: include_str!($file),
        }),*];
    };
}

migrations! {
    1 "base" "001_base.sql";
    2 "log" "002_log.sql";
    10 "core" "010_core.sql";
    20 "accounts" "020_accounts.sql";
    30 "rfp" "030_rfp.sql";
}

#[cfg(test)]
mod tests {
    use super::MIGRATIONS;

    #[test]
    fn numbers_rise() {
        assert!(MIGRATIONS.windows(2).all(|pair| pair[0].number < pair[1].number));
    }
}
