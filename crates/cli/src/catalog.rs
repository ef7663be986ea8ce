//! `catalog`: what is known of AWS's services; and the catalog for the commands that use it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use portcullis_catalog::{Catalog, Need, Source};
use serde_json::{Value, json};

use crate::decide::Format;
use crate::failure::Failure;
use crate::output::{Output, VERSION, display_name, printable, read};
use portcullis_explain::sentence_list;

const EXAMPLES: &str = "\
Examples:
  portcullis catalog --info
  portcullis catalog --info --data newer.pack --format json";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CatalogArgs {
    /// Print what is in it, how new it is, and where it is from
    #[arg(long, required = true)]
    info: bool,
    #[command(flatten)]
    data: DataArgs,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Which catalog a command uses.
#[derive(Args, Debug, Default)]
pub(crate) struct DataArgs {
    /// A pack to use in place of the catalog that came with this program
    #[arg(long, value_name = "PACK")]
    data: Option<PathBuf>,
}

/// A catalog of a file, or that of this program.
pub(crate) enum Data {
    File(Box<Catalog>),
    Builtin(&'static Catalog),
}

impl core::ops::Deref for Data {
    type Target = Catalog;

    fn deref(&self) -> &Catalog {
        match self {
            Data::File(catalog) => catalog,
            Data::Builtin(catalog) => catalog,
        }
    }
}

impl DataArgs {
    pub(crate) fn open(&self) -> Result<Data, Failure> {
        let Some(path) = &self.data else {
            return Catalog::builtin().map(Data::Builtin).map_err(Failure::new);
        };
        let name = display_name(path);
        let catalog = Catalog::from_bytes(&read(path)?);
        let catalog = catalog.map_err(|error| Failure::new(format_args!("{name}: {error}")))?;
        Ok(Data::File(Box::new(catalog)))
    }
}

/// What a policy or a request means by an action that does not exist, if it is called like an operation.
pub(crate) fn operation_note(catalog: &Catalog, action: &str) -> Option<String> {
    let operation = catalog.operation_for_action(action)?;
    let (always, sometimes): (Vec<_>, Vec<_>) = operation
        .permissions()
        .into_iter()
        .partition(|permission| permission.need() == Need::Always);
    let names = |list: &[portcullis_catalog::Permission<'_>]| {
        let mut names: Vec<String> = list.iter().map(ToString::to_string).collect();
        names.dedup();
        sentence_list(&names)
    };
    let name = operation.name();
    Some(match (always.is_empty(), sometimes.is_empty()) {
        (false, true) => format!("the operation {name} is authorized as {}", names(&always)),
        (false, false) => format!(
            "the operation {name} is authorized as {}, and for some requests as {}",
            names(&always),
            names(&sometimes)
        ),
        (true, _) => format!(
            "the operation {name} is authorized as {}, depending on the request",
            names(&sometimes)
        ),
    })
}

pub(crate) fn run(args: &CatalogArgs) -> Result<ExitCode, Failure> {
    let catalog = args.data.open()?;
    let clients = catalog.clients();
    let operations: usize = clients.map(|client| client.operations().len()).sum();
    let retired = catalog.services().filter(|service| service.is_retired());
    let current = catalog.actions().filter(|action| action.is_current());
    let dependents = catalog.actions().map(|action| action.dependents().len());
    let rows = [
        ("bytes", catalog.size()),
        ("services", catalog.services().len()),
        ("retiredServices", retired.count()),
        ("actions", catalog.actions().len()),
        ("currentActions", current.count()),
        ("dependentActions", dependents.sum()),
        ("resourceTypes", catalog.resource_types().len()),
        ("keys", catalog.keys().len()),
        ("operations", operations),
    ];
    let date = catalog.newest().map(|source| source.date.to_string());
    let mut output = Output::new();
    match args.format {
        Format::Json => {
            let mut value = json!({
                "version": VERSION,
                "format": portcullis_catalog::FORMAT,
                "date": date,
                "sources": catalog.sources().iter().map(source).collect::<Vec<_>>(),
            });
            for (name, count) in rows {
                if let Some(object) = value.as_object_mut() {
                    object.insert(name.to_owned(), Value::from(count));
                }
            }
            output.line(&value.to_string())?;
        }
        Format::Human => {
            output.line(&format!("{:<18}{}", "format", portcullis_catalog::FORMAT))?;
            let date = date.as_deref().unwrap_or("unknown");
            output.line(&format!("{:<18}{}", "date", printable(date)))?;
            for (name, count) in rows {
                output.line(&format!("{:<18}{count}", spaced(name)))?;
            }
            output.line("sources, oldest first:")?;
            for source in catalog.sources() {
                let line = format!(
                    "  {:<10}  {} {} ({})",
                    source.date.to_string(),
                    source.name,
                    source.version,
                    source.license
                );
                output.line(&printable(&line))?;
            }
        }
    }
    output.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// `retiredServices` as people read it.
fn spaced(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// A source, for answers in JSON.
pub(crate) fn source(source: &Source) -> Value {
    json!({
        "name": source.name,
        "version": source.version,
        "date": source.date.to_string(),
        "license": source.license,
    })
}
