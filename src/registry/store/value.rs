//! What goes into the database and what comes out.

use serde::de::DeserializeOwned;

use super::StoreError;
use crate::attest::Digest;

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// BIGINT: numbers, Unix milliseconds, 0 and 1 for no and yes.
    Int(i64),
    /// TEXT.
    Text(String),
    /// BLOB.
    Bytes(Vec<u8>),
}

impl Value {
    /// What it is, in words of errors.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "a number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

macro_rules! into_value {
    ($($from:ty => |$it:ident| $to:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($it: $from) -> Self {
                $to
            }
        }
    )*};
}

into_value! {
    i64 => |it| Self::Int(it);
    &i64 => |it| Self::Int(*it);
    i32 => |it| Self::Int(i64::from(it));
    u32 => |it| Self::Int(i64::from(it));
    &u32 => |it| Self::Int(i64::from(*it));
    u16 => |it| Self::Int(i64::from(it));
    bool => |it| Self::Int(i64::from(it));
    &bool => |it| Self::Int(i64::from(*it));
    &str => |it| Self::Text(it.to_owned());
    &&str => |it| Self::Text((*it).to_owned());
    String => |it| Self::Text(it);
    &String => |it| Self::Text(it.clone());
    Vec<u8> => |it| Self::Bytes(it);
    &Vec<u8> => |it| Self::Bytes(it.clone());
    &[u8] => |it| Self::Bytes(it.to_owned());
    Digest => |it| Self::Text(it.to_string());
    &Digest => |it| Self::Text(it.to_string());
    &Option<i64> => |it| (*it).into();
    &Option<String> => |it| it.as_deref().into();
    &Option<Digest> => |it| (*it).into();
    &Option<Vec<u8>> => |it| it.as_deref().into();
    &Self => |it| it.clone();
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(it: Option<T>) -> Self {
        it.map_or(Self::Null, Into::into)
    }
}

/// A list of [`Value`]s from what can be turned into them, for `?1`, `?2` and so on of a statement.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        [$($crate::registry::store::Value::from($value)),*]
    };
}
pub(crate) use values;

/// A row of an answer. Columns are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub(super) Vec<Value>);

impl Row {
    /// A column as it is.
    ///
    /// # Errors
    /// [`StoreError::Column`] when there is none of the number; so for all of these.
    pub fn value(&self, at: usize) -> Result<&Value, StoreError> {
        self.0.get(at).ok_or_else(|| column(at, "a column", "none"))
    }

    /// All columns.
    pub fn values(&self) -> &[Value] {
        &self.0
    }

    /// A text.
    ///
    /// # Errors
    /// [`StoreError::Column`] for anything else.
    pub fn str(&self, at: usize) -> Result<&str, StoreError> {
        match self.value(at)? {
            Value::Text(text) => Ok(text),
            other => Err(column(at, "text", other.kind())),
        }
    }

    /// A text of one's own.
    ///
    /// # Errors
    /// [`StoreError::Column`] for anything else.
    pub fn text(&self, at: usize) -> Result<String, StoreError> {
        self.str(at).map(str::to_owned)
    }

    /// A text or nothing.
    ///
    /// # Errors
    /// [`StoreError::Column`] for anything else.
    pub fn opt_text(&self, at: usize) -> Result<Option<String>, StoreError> {
        self.unless_null(at, Self::text)
    }

    /// A number.
    ///
    /// # Errors
    /// [`StoreError::Column`] for anything else.
    pub fn int(&self, at: usize) -> Result<i64, StoreError> {
        match self.value(at)? {
            Value::Int(number) => Ok(*number),
            other => Err(column(at, "a number", other.kind())),
        }
    }

    /// A number or nothing.
    ///
    /// # Errors
    /// [`StoreError::Column`] for anything else.
    pub fn opt_int(&self, at: usize) -> Result<Option<i64>, StoreError> {
        self.unless_null(at, Self::int)
    }

    /// Yes or no, kept as 1 or 0.
    ///
    /// # Errors
    /// [`StoreError::Column`] for anything else.
    pub fn flag(&self, at: usize) -> Result<bool, StoreError> {
        match self.int(at)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(column(at, "0 or 1", "another number")),
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// [`StoreError::Column`] for anything else.
    pub fn bytes(&self, at: usize) -> Result<Vec<u8>, StoreError> {
        match self.value(at)? {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            other => Err(column(at, "bytes", other.kind())),
        }
    }

    /// Bytes or nothing.
    ///
    /// # Errors
    /// [`StoreError::Column`] for anything else.
    pub fn opt_bytes(&self, at: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.unless_null(at, Self::bytes)
    }

    /// A digest, kept as text of 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`StoreError::Column`] for anything else.
    pub fn digest(&self, at: usize) -> Result<Digest, StoreError> {
        let text = self.str(at)?;
        text.parse().map_err(|_| column(at, "a digest", "another text"))
    }

    /// A digest or nothing.
    ///
    /// # Errors
    /// [`StoreError::Column`] for anything else.
    pub fn opt_digest(&self, at: usize) -> Result<Option<Digest>, StoreError> {
        self.unless_null(at, Self::digest)
    }

    /// A value kept as JSON text.
    ///
    /// # Errors
    /// [`StoreError::Column`] for anything else.
    pub fn json<T: DeserializeOwned>(&self, at: usize) -> Result<T, StoreError> {
        serde_json::from_str(self.str(at)?).map_err(|error| StoreError::Column {
            number: at,
            expected: "JSON of its type",
            found: error.to_string(),
        })
    }

    fn unless_null<T>(
        &self,
        at: usize,
        read: impl FnOnce(&Self, usize) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match self.value(at)? {
            Value::Null => Ok(None),
            _ => read(self, at).map(Some),
        }
    }
}

fn column(number: usize, expected: &'static str, found: &str) -> StoreError {
    StoreError::Column {
        number,
        expected,
        found: found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_read_as_what_it_is_only() {
        let row = Row(values!["a", 2_i64, None::<i64>, vec![1_u8], true, "[1]", "{"].to_vec());
        assert_eq!(row.text(0).unwrap(), "a");
        assert_eq!(row.int(1).unwrap(), 2);
        assert_eq!(row.opt_int(2).unwrap(), None);
        assert_eq!(row.opt_int(1).unwrap(), Some(2));
        assert_eq!(row.bytes(3).unwrap(), [1]);
        assert!(row.flag(4).unwrap());
        assert_eq!(row.json::<Vec<i64>>(5).unwrap(), [1]);
        assert!(row.flag(1).is_err() && row.digest(0).is_err() && row.json::<Vec<i64>>(6).is_err());
        let error = row.int(0).unwrap_err().to_string();
        assert!(
            error.contains("column 0") && error.contains("a number") && error.contains("text"),
            "{error}"
        );
        assert!(row.text(7).unwrap_err().to_string().contains("none"));
        assert!(row.text(2).is_err());
    }

    #[test]
    fn a_digest_goes_in_as_text_and_comes_out() {
        let digest = Digest::of(b"a");
        let row = Row(values![&digest, Some(digest), None::<Digest>].to_vec());
        assert_eq!(row.digest(0).unwrap(), digest);
        assert_eq!(row.opt_digest(1).unwrap(), Some(digest));
        assert_eq!(row.opt_digest(2).unwrap(), None);
    }
}
