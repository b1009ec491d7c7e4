//! A transaction, whatever the database.

use super::dialect::Dialect;
use super::{Row, StoreError, Value, values};

/// A transaction. When a statement fails, nothing more can be done in it, and nothing of it stays.
///
/// SQL is one text for both databases; `dialect.rs` tells what is translated. What both understand in the same way:
/// TEXT, BIGINT and BLOB; `?1`; `ON CONFLICT … DO NOTHING/UPDATE`; `RETURNING` (with [`Tx::query`]); `LIKE … ESCAPE '\'`
/// (case matters); `ORDER BY … NULLS LAST`; `CAST(SUM(x) AS BIGINT)`; `COALESCE`, `CASE`, `LENGTH`, `SUBSTR`, `LIMIT`.
pub trait Tx {
    /// Carries out a statement and tells how many rows it touched.
    ///
    /// # Errors
    /// [`StoreError::Constraint`], [`StoreError::Statement`], [`StoreError::Full`] and others of the database.
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError>;

    /// Hands the rows of an answer over one by one, so that it may be larger than memory.
    ///
    /// # Errors
    /// As [`Tx::execute`], and what `take` fails with.
    fn each(
        &mut self,
        sql: &str,
        values: &[Value],
        take: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// The database that is spoken to, for the little that has to differ.
    fn dialect(&self) -> Dialect;

    /// All rows of an answer.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.each(sql, values, &mut |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first row of an answer.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    fn one(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// The next number of a sequence: 1, 2, 3 and so on, each once. A number whose transaction fails is given again.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    fn next(&mut self, sequence: &str) -> Result<i64, StoreError> {
        let given = self.one(
            "INSERT INTO sequence (name, value) VALUES (?1, 1) \
             ON CONFLICT (name) DO UPDATE SET value = sequence.value + 1 RETURNING value",
            &values![sequence],
        )?;
        given.map_or(Err(StoreError::Aborted), |row| row.int(0))
    }
}

/// No text may have a NUL character: PostgreSQL cannot hold it.
pub(super) fn without_nul(values: &[Value]) -> Result<(), StoreError> {
    let nul = values
        .iter()
        .position(|value| matches!(value, Value::Text(text) if text.contains('\0')));
    nul.map_or(Ok(()), |at| Err(StoreError::Nul { number: at + 1 }))
}
