//! Everything into a folder.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{
    BlobsFile, EXPORT, ExportFile, MovingError, SCHEMA, TableFile, empty_folder, line, migrations, write_json,
};
use crate::attest::Digest;
use crate::registry::store::schema::{Table, tables};
use crate::registry::store::{Blobs, Store, StoreError, Tx, audit};

/// Writes all tables, as they are at one moment, and all blobs into an empty folder, while others go on.
///
/// # Errors
/// [`MovingError::NotEmpty`], [`MovingError::Store`].
pub fn export(store: &Store, to: &Path) -> Result<ExportFile, MovingError> {
    empty_folder(to)?;
    let folder = to.join("tables");
    fs::create_dir_all(&folder).map_err(|error| MovingError::io(&folder, error))?;
    let (tables, audit) = store.read(|tx| {
        let written = tables(tx)?
            .iter()
            .map(|table| write_table(tx, table, &folder))
            .collect::<Result<Vec<_>, _>>()?;
        Ok::<_, StoreError>((written, audit::head(tx)?))
    })?;
    // After the tables: a blob is kept before a row refers to it, so none is missing.
    let blobs = copy_blobs(store, &to.join("blobs"))?;
    let file = ExportFile {
        schema: SCHEMA.to_owned(),
        at: store.clock().now(),
        migrations: migrations(),
        tables,
        blobs,
        audit,
    };
    write_json(&to.join(EXPORT), &file)?;
    Ok(file)
}

fn write_table(tx: &mut dyn Tx, table: &Table, folder: &Path) -> Result<TableFile, StoreError> {
    let path = folder.join(format!("{}.jsonl", table.name));
    let io = |error| StoreError::io(&path, error);
    let mut file = BufWriter::new(File::create(&path).map_err(io)?);
    let (sha256, rows) = digest_rows(tx, table, &mut |line| file.write_all(line.as_bytes()).map_err(io))?;
    let file = file.into_inner().map_err(|error| io(error.into_error()))?;
    file.sync_all().map_err(io)?;
    Ok(TableFile {
        name: table.name.clone(),
        columns: table.columns.clone(),
        rows,
        sha256,
    })
}

/// Digest and number of the lines of a table; each is handed to `take`.
pub(super) fn digest_rows(
    tx: &mut dyn Tx,
    table: &Table,
    take: &mut dyn FnMut(&str) -> Result<(), StoreError>,
) -> Result<(Digest, u64), StoreError> {
    let mut hasher = Sha256::new();
    let mut rows = 0;
    tx.each(&table.select(), &[], &mut |row| {
        let line = line::write(&row);
        hasher.update(line.as_bytes());
        rows += 1;
        take(&line)
    })?;
    Ok((Digest(hasher.finalize().into()), rows))
}

/// All blobs into a folder, each compared with its digest.
pub(super) fn copy_blobs(store: &Store, to: &Path) -> Result<BlobsFile, MovingError> {
    let target = Blobs::folder(to)?;
    let mut copied = BlobsFile::default();
    for digest in store.blobs().list()? {
        target.take_from(store.blobs(), &digest)?;
        copied.count += 1;
        copied.bytes += target.size(&digest)?.unwrap_or_default();
    }
    Ok(copied)
}
