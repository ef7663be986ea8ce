//! `inspect` and `disasm`: what is in an image.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use portcullis_image::{Class, Header, Insn, Op, Section, Token, TokenRecord, View, disassemble};
use serde_json::{Value, json};

use crate::decide::{Format, read_image};
use crate::directory::{is_directory_image, open_image};
use crate::engine::layer_name;
use crate::failure::Failure;
use crate::output::{Output, VERSION, display_name, printable};

const INSPECT_EXAMPLES: &str = "\
Examples:
  portcullis inspect account.pcl
  portcullis inspect --keys --format json account.pcl";

#[derive(Args, Debug)]
#[command(after_help = INSPECT_EXAMPLES)]
pub(crate) struct InspectArgs {
    /// The image; `-` is standard input
    image: PathBuf,
    /// List the context keys that the image looks at
    #[arg(long)]
    keys: bool,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const DISASM_EXAMPLES: &str = "\
Examples:
  portcullis disasm account.pcl
  portcullis compile --identity ann.json -o - | portcullis disasm -";

#[derive(Args, Debug)]
#[command(after_help = DISASM_EXAMPLES)]
pub(crate) struct DisasmArgs {
    /// The image; `-` is standard input
    image: PathBuf,
}

pub(crate) fn inspect(args: &InspectArgs) -> Result<ExitCode, Failure> {
    if is_directory_image(&args.image) {
        return inspect_directory(args);
    }
    let image = read_image(&args.image)?;
    let view = image.view();
    let mut output = Output::new();
    match args.format {
        Format::Json => {
            let value = machine(view, image.as_bytes().len(), args.keys);
            output.line(&value.to_string())?;
        }
        Format::Human => {
            let text = human(view, &display_name(&args.image), image.as_bytes().len());
            output.bytes(text.as_bytes())?;
            if args.keys {
                output.line("keys:")?;
                for (name, class) in keys(view) {
                    output.line(&format!("  {} ({class})", printable(name)))?;
                }
            }
        }
    }
    output.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// What is in the image of a directory.
fn inspect_directory(args: &InspectArgs) -> Result<ExitCode, Failure> {
    let directory = open_image(&args.image)?;
    let counts = directory.counts();
    let rows = [
        ("accounts", counts.accounts),
        ("principals", counts.principals),
        ("resources", counts.resources),
        ("policySets", counts.policy_sets),
    ];
    let mut output = Output::new();
    match args.format {
        Format::Json => {
            let mut object = serde_json::Map::new();
            object.insert("version".to_string(), json!(VERSION));
            object.insert("directory".to_string(), json!(true));
            object.extend(rows.map(|(name, count)| (name.to_string(), json!(count))));
            let incomplete = directory.is_incomplete();
            object.insert("incomplete".to_string(), json!(incomplete));
            output.line(&Value::Object(object).to_string())?;
        }
        Format::Human => {
            let name = display_name(&args.image);
            output.line(&format!("{:<12}{name}", "directory"))?;
            for (name, count) in rows {
                output.line(&format!("{name:<12}{count}"))?;
            }
            if directory.is_incomplete() {
                output.line("it refers to missing items")?;
            }
        }
    }
    output.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn human(view: View<'_>, name: &str, bytes: usize) -> String {
    use fmt::Write;
    let header = view.header();
    let mut out = String::new();
    let mut line = |label: &str, text: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{label:<12}{text}");
    };
    line("image", name.to_string());
    line("format", Header::VERSION.to_string());
    line("bytes", bytes.to_string());
    line("checksum", format!("{:016x}", header.checksum));
    let present: Vec<String> = header.layers.iter().map(layer_name).collect();
    line("layers", present.join(" "));
    line(
        "public",
        if header.public { "yes" } else { "no" }.to_string(),
    );
    line("statements", view.count(Section::Statements).to_string());
    line("keys", keys(view).len().to_string());
    let bound = view.bound();
    line(
        "work",
        format!(
            "at most {} candidates scanned, {} places probed with at most {} candidates each, {} patterns for actions tried",
            bound.scanned, bound.probes, bound.in_bucket, bound.patterns
        ),
    );
    line("sections", format!("{:>12}{:>12}", "records", "bytes"));
    for section in Section::ALL {
        let (offset, len) = view.section(*section);
        if offset > 0 {
            let name = format!("  {}", section.name());
            let count = view.count(*section);
            line("", format!("{name:<14}{count:>6}{len:>12}"));
        }
    }
    out
}

fn machine(view: View<'_>, bytes: usize, with_keys: bool) -> Value {
    let header = view.header();
    let present: Vec<String> = header.layers.iter().map(layer_name).collect();
    let sections: Vec<Value> = Section::ALL
        .iter()
        .filter(|section| view.section(**section).0 > 0)
        .map(|section| {
            let (offset, len) = view.section(*section);
            json!({
                "name": section.name(),
                "records": view.count(*section),
                "offset": offset,
                "bytes": len,
            })
        })
        .collect();
    let keys = keys(view);
    let bound = view.bound();
    let mut value = json!({
        "version": VERSION,
        "format": Header::VERSION,
        "bytes": bytes,
        "checksum": format!("{:016x}", header.checksum),
        "layers": present,
        "public": header.public,
        "statements": view.count(Section::Statements),
        "keys": keys.len(),
        "work": {
            "scanned": bound.scanned,
            "probes": bound.probes,
            "inBucket": bound.in_bucket,
            "patterns": bound.patterns,
        },
        "sections": sections,
    });
    if let (true, Some(object)) = (with_keys, value.as_object_mut()) {
        let list: Vec<Value> = keys
            .into_iter()
            .map(|(name, class)| json!({ "name": name, "class": class }))
            .collect();
        object.insert("requiredKeys".to_string(), Value::from(list));
    }
    value
}

/// The keys that conditions and variables look at, with the class of their values.
fn keys(view: View<'_>) -> BTreeSet<(&str, &'static str)> {
    let mut slots = BTreeSet::new();
    for insn in view.ids::<Insn>().map(|id| view.get(id)) {
        if insn.op != Op::Const {
            slots.insert(insn.slot);
        }
    }
    for token in view.ids::<TokenRecord>() {
        if let Token::Variable { slot, .. } = view.get(token).into() {
            slots.insert(slot);
        }
    }
    slots
        .into_iter()
        .map(|slot| {
            let slot = view.get(slot);
            let class = match slot.class {
                Class::Text => "text",
                Class::Number => "number",
                Class::Date => "date",
                Class::Address => "address",
            };
            (view.text(slot.name), class)
        })
        .collect()
}

pub(crate) fn disasm(args: &DisasmArgs) -> Result<ExitCode, Failure> {
    let image = read_image(&args.image)?;
    let mut sink = Sink {
        output: Output::new(),
        failure: None,
    };
    let written = disassemble(image.view(), &mut sink);
    if let Some(failure) = sink.failure {
        return Err(failure);
    }
    written.map_err(Failure::new)?;
    sink.output.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// Standard output for what writes text, which cannot say why writing failed.
struct Sink {
    output: Output,
    failure: Option<Failure>,
}

impl fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let text = printable(text);
        self.output.bytes(text.as_bytes()).map_err(|failure| {
            self.failure = Some(failure);
            fmt::Error
        })
    }
}
