//! Values as PostgreSQL has them.

use std::error::Error;

use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use thiserror::Error;

use crate::registry::store::{Row, Value};

/// A value of another type than that of its column.
#[derive(Debug, Error)]
#[error("{found} where the database expects {expected}")]
pub(super) struct WrongType {
    found: &'static str,
    expected: Type,
}

/// Values as parameters of a statement.
pub(super) fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let wrong = || WrongType {
            found: self.kind(),
            expected: of.clone(),
        };
        match (self, of) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(number), &Type::INT8) => number.to_sql(of, out),
            (Self::Int(number), &Type::INT4) => i32::try_from(*number).map_err(|_| wrong())?.to_sql(of, out),
            (Self::Text(text), &(Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN)) => text.to_sql(of, out),
            (Self::Bytes(bytes), &Type::BYTEA) => bytes.to_sql(of, out),
            _ => Err(wrong().into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(of: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *of {
            Type::INT8 => Self::Int(i64::from_sql(of, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(of, raw)?.into()),
            Type::INT2 => Self::Int(i16::from_sql(of, raw)?.into()),
            Type::BOOL => Self::Int(bool::from_sql(of, raw)?.into()),
            Type::BYTEA => Self::Bytes(raw.to_owned()),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => Self::Text(String::from_sql(of, raw)?),
            // Of functions without a result.
            Type::VOID => Self::Null,
            _ => return Err(format!("a column is {of}: CAST it to BIGINT or TEXT").into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A row as ours.
pub(super) fn row(row: &postgres::Row) -> Result<Row, String> {
    let values = (0..row.len()).map(|at| {
        row.try_get(at)
            .map_err(|error| error.source().map_or_else(|| error.to_string(), ToString::to_string))
    });
    values.collect::<Result<_, _>>().map(Row)
}
