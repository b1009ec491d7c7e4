//! Values as rows: the whole value as JSON, and beside it the columns that are searched.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::registry::store::{StoreError, Tx, Value};

/// A value with a table of its own whose key is `id`.
pub(super) trait Stored: Serialize + DeserializeOwned {
    /// The table.
    const TABLE: &'static str;
    /// Columns beside `id` and `data`.
    const COLUMNS: &'static [&'static str];
    /// What it is ordered by.
    const ORDER: &'static str;

    /// The key.
    fn id(&self) -> String;
    /// Values of the columns.
    fn columns(&self) -> Vec<Value>;
}

fn json<R: Serialize>(record: &R) -> Result<Value, StoreError> {
    serde_json::to_string(record)
        .map(Value::Text)
        .map_err(|error| StoreError::Json { why: error.to_string() })
}

fn values<R: Stored>(record: &R) -> Result<Vec<Value>, StoreError> {
    let mut values = vec![Value::Text(record.id()), json(record)?];
    values.extend(record.columns());
    Ok(values)
}

/// Writes a new row.
pub(super) fn insert<R: Stored>(tx: &mut dyn Tx, record: &R) -> Result<(), StoreError> {
    let names: String = R::COLUMNS.iter().map(|name| format!(", {name}")).collect();
    let places: String = (0..R::COLUMNS.len()).map(|at| format!(", ?{}", at + 3)).collect();
    let sql = format!("INSERT INTO {} (id, data{names}) VALUES (?1, ?2{places})", R::TABLE);
    tx.execute(&sql, &values(record)?).map(|_| ())
}

/// Writes a row that is there anew.
pub(super) fn update<R: Stored>(tx: &mut dyn Tx, record: &R) -> Result<(), StoreError> {
    let sets: String = R::COLUMNS
        .iter()
        .enumerate()
        .map(|(at, name)| format!(", {name} = ?{}", at + 3))
        .collect();
    let sql = format!("UPDATE {} SET data = ?2{sets} WHERE id = ?1", R::TABLE);
    tx.execute(&sql, &values(record)?).map(|_| ())
}

/// The row with a key.
pub(super) fn find<R: Stored>(tx: &mut dyn Tx, id: &str) -> Result<Option<R>, StoreError> {
    let sql = format!("SELECT data FROM {} WHERE id = ?1", R::TABLE);
    tx.one(&sql, &[Value::Text(id.to_owned())])?
        .map(|row| row.json(0))
        .transpose()
}

/// Rows for which a condition holds (`?1` … are its values), in the order of the table.
pub(super) fn list<R: Stored>(tx: &mut dyn Tx, condition: &str, values: &[Value]) -> Result<Vec<R>, StoreError> {
    let sql = format!("SELECT data FROM {} WHERE {condition} ORDER BY {}", R::TABLE, R::ORDER);
    tx.query(&sql, values)?.iter().map(|row| row.json(0)).collect()
}

/// Conditions joined with AND, with their values: for filters.
#[derive(Default)]
pub(super) struct Conditions {
    text: Vec<String>,
    pub(super) values: Vec<Value>,
}

impl Conditions {
    /// `column = value`, if there is a value.
    pub(super) fn equal(&mut self, column: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.values.push(Value::Text(value.to_owned()));
            self.text.push(format!("{column} = ?{}", self.values.len()));
        }
        self
    }

    /// `column` is one of the values, if there are any.
    pub(super) fn among<'a>(&mut self, column: &str, among: impl IntoIterator<Item = &'a str>) -> &mut Self {
        let places: Vec<String> = among
            .into_iter()
            .map(|value| {
                self.values.push(Value::Text(value.to_owned()));
                format!("?{}", self.values.len())
            })
            .collect();
        if !places.is_empty() {
            self.text.push(format!("{column} IN ({})", places.join(", ")));
        }
        self
    }

    /// `column <= value`, if there is a value.
    pub(super) fn at_most(&mut self, column: &str, value: Option<String>) -> &mut Self {
        if let Some(value) = value {
            self.values.push(Value::Text(value));
            self.text.push(format!("{column} <= ?{}", self.values.len()));
        }
        self
    }

    /// All of it.
    pub(super) fn text(&self) -> String {
        if self.text.is_empty() {
            "1 = 1".into()
        } else {
            self.text.join(" AND ")
        }
    }

    /// Rows for which all of it holds.
    pub(super) fn list<R: Stored>(&self, tx: &mut dyn Tx) -> Result<Vec<R>, StoreError> {
        list(tx, &self.text(), &self.values)
    }
}

macro_rules! stored {
    ($($type:ty, $table:literal, $order:literal, |$value:ident| $id:expr, { $($column:literal: $content:expr),* $(,)? };)*) => {$(
        impl Stored for $type {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$($column),*];
            const ORDER: &'static str = $order;

            fn id(&self) -> String {
                let $value = self;
                $id.to_string()
            }

            fn columns(&self) -> Vec<Value> {
                let $value = self;
                vec![$(Value::from($content)),*]
            }
        }
    )*};
}
pub(super) use stored;
