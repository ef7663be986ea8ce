//! `compile`: policies to an image.

use std::path::PathBuf;
use std::process::ExitCode;

use bumpalo::Bump;
use clap::Args;
use portcullis_compile::{Options, compile};
use portcullis_image::{Image, Section};

use crate::directory::{DirectoryArgs, Keep, open_image};
use crate::failure::{Failure, complain};
use crate::output::{Output, display_name, write};
use crate::policies::{PolicyArgs, Purpose};

const EXAMPLES: &str = "\
Examples:
  portcullis compile --identity ann.json --boundary limits.json -o ann.pcl
  portcullis compile --scp root.json --scp unit.json --strip -o organization.pcl
  portcullis compile --scenario scenario.json -o scenario.pcl
  portcullis compile --directory dumps -o organization.pcl
  portcullis compile --directory changed --base organization.pcl -o organization.pcl

The same input gives the same bytes.

Exit status: 0 done, 3 a policy is invalid, 1 any other failure.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompileArgs {
    #[command(flatten)]
    policies: PolicyArgs,
    #[command(flatten)]
    directory: DirectoryArgs,
    /// The image of a whole directory, of which `--directory` holds only what changed since: whole dumps of
    /// accounts, the organization, resources. What it does not say stays as it was
    #[arg(long, value_name = "IMAGE", requires = "directory")]
    base: Option<PathBuf>,
    /// Where the image goes; `-` is standard output
    #[arg(short, long, value_name = "IMAGE")]
    output: PathBuf,
    /// Leave out what only explanations need: names, places, conditions as written
    #[arg(long)]
    strip: bool,
    /// Say on standard error what was made
    #[arg(short, long)]
    verbose: bool,
}

pub(crate) fn run(args: &CompileArgs) -> Result<ExitCode, Failure> {
    let keep = match args.strip {
        true => Keep::Decisions,
        false => Keep::Explanations,
    };
    if let Some(directory) = args.directory.open(keep)? {
        if !args.policies.is_empty() {
            return Err(Failure::new("a directory brings its own policies"));
        }
        let directory = match &args.base {
            None => directory,
            Some(base) => {
                let mut whole = open_image(base)?;
                whole.update(directory).map_err(Failure::new)?;
                whole
            }
        };
        let bytes = directory.into_bytes().map_err(Failure::new)?;
        args.save(&bytes)?;
        if args.verbose {
            let name = display_name(&args.output);
            complain(&format!("{name}: {} bytes", bytes.len()));
        }
        return Ok(ExitCode::SUCCESS);
    }
    if args.policies.is_empty() {
        return Err(Failure::new(
            "no policies: give --identity FILE, --scenario FILE, --directory DIR or the like",
        ));
    }
    let arena = Bump::new();
    let selected = args.policies.load(Purpose::Compile, &arena)?;
    let options = Options {
        debug: !args.strip,
        ..Options::default()
    };
    let bytes = compile(&selected.sets, options).map_err(Failure::new)?;
    args.save(&bytes)?;
    if args.verbose {
        let image = Image::from_bytes(&bytes).map_err(Failure::new)?;
        let view = image.view();
        complain(&format!(
            "{}: {} bytes, {} statements, checksum {:016x}",
            display_name(&args.output),
            bytes.len(),
            view.count(Section::Statements),
            view.header().checksum
        ));
    }
    Ok(ExitCode::SUCCESS)
}

impl CompileArgs {
    /// Writes the image where it is to go.
    fn save(&self, bytes: &[u8]) -> Result<(), Failure> {
        if self.output.as_os_str() == "-" {
            let mut output = Output::new();
            output.bytes(bytes)?;
            return output.finish();
        }
        write(&self.output, bytes)
    }
}
