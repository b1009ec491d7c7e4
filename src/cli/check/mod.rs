//! `junkyo check`: files that somebody has, judged without a product.

mod input;
mod judged;
mod render;
mod table;

use std::io::IsTerminal as _;
use std::path::Path;

use super::args::{Check as CheckArgs, CheckFormat, Common};
use super::error::CliError;
use super::{Exit, unless_closed};
use crate::schema::wsdl::Description;
use crate::schema::{CompiledSchema, DocumentSet, SchemaFault, SchemaSource};
use crate::standard::ReadingChoice;
use crate::text::Lang;
use input::Input;
use judged::Judged;

/// What files are judged against.
pub(super) enum Against {
    /// Nothing was given.
    Nothing,
    /// A service description with its schemas.
    Description(Box<Description>, Result<CompiledSchema, SchemaFault>),
    /// A schema.
    Schema(CompiledSchema),
}

/// Checks files.
pub(super) fn main(args: &CheckArgs, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    if let Some(against) = args.against.as_deref().filter(|path| table::is_table(path)) {
        return table::main(args, against, lang);
    }
    let corpus = common.load_corpus()?;
    let readings = ReadingChoice::new(&corpus.readings, &readings_of(&args.reading)?)
        .map_err(|error| CliError::Usage(error.to_string()))?;
    let against = match &args.against {
        None => Against::Nothing,
        Some(path) => read_against(path)?,
    };
    let mut all: Vec<Judged> = Vec::new();
    for path in &args.files {
        for input in Input::read(path, args.side)? {
            all.extend(judged::judge(&input, &against, &readings)?);
        }
    }
    let mut out = std::io::stdout().lock();
    let written = match args.format {
        CheckFormat::Text => render::text(&all, &corpus, lang, out.is_terminal(), &mut out),
        CheckFormat::Json => render::json(&all, &corpus, &mut out),
    };
    unless_closed(written)?;
    let broken = all.iter().any(|judged| judged.is_broken(&corpus));
    Ok(if broken { Exit::NonConformant } else { Exit::Success })
}

/// `WS-05=body-child` and the like.
fn readings_of(words: &[String]) -> Result<std::collections::BTreeMap<String, String>, CliError> {
    words
        .iter()
        .map(|word| {
            let (id, option) = word.split_once('=').ok_or_else(|| {
                CliError::Usage(format!(
                    "--reading {word}: expected ID=OPTION, such as WS-05=body-child"
                ))
            })?;
            Ok((id.to_owned(), option.to_owned()))
        })
        .collect()
}

fn read_against(path: &Path) -> Result<Against, CliError> {
    let documents = DocumentSet::from_file(path).map_err(|error| CliError::Usage(error.to_string()))?;
    let is_schema = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("xsd"));
    if is_schema {
        return compile(&documents).map(Against::Schema);
    }
    let description = Description::read(documents).map_err(|error| CliError::Usage(error.to_string()))?;
    let unreadable = description.files.first().and_then(|file| file.document.as_ref().err());
    if let Some(error) = unreadable {
        return Err(CliError::Usage(format!(
            "--against {}: {error}; give a WSDL 1.1 file or an XML Schema",
            path.display()
        )));
    }
    if description.ports.is_empty() {
        return Err(CliError::Usage(format!(
            "--against {}: no port or binding was found in it; give a WSDL 1.1 file or an XML Schema (.xsd)",
            path.display()
        )));
    }
    let schema = CompiledSchema::compile(&description.schemas);
    Ok(Against::Description(Box::new(description), schema))
}

/// A schema file with everything that it imports from its folder.
fn compile(documents: &DocumentSet) -> Result<CompiledSchema, CliError> {
    let mut sources: Vec<SchemaSource> = Vec::new();
    let mut wanted = vec![documents.root().to_owned()];
    let mut next = 0;
    while let Some(location) = wanted.get(next).cloned() {
        next += 1;
        let bytes = documents.get(&location).unwrap_or_default();
        for reference in crate::schema::wsdl::written_references(bytes) {
            if let Ok(known) = documents.resolve(&location, &reference)
                && !wanted.iter().any(|other| other == known)
            {
                wanted.push(known.to_owned());
            }
        }
        let limits = crate::xml::Limits::default();
        let (text, _) = crate::xml::decode(bytes, None, &limits)
            .map_err(|error| CliError::Usage(format!("{location}: {error}")))?;
        sources.push(SchemaSource { location, text });
    }
    CompiledSchema::compile(&sources).map_err(|fault| CliError::Usage(fault.to_string()))
}
