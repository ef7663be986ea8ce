//! `picture`: a directory drawn.

mod escalation;

use std::path::PathBuf;
use std::process::ExitCode;

use bumpalo::Bump;
use clap::{Args, ValueEnum, ValueHint};
use portcullis_findings::escalations;

use crate::directory::Keep;
use crate::failure::{Failure, complain, exit};
use crate::output::{Output, write};
use crate::questions::Asking;

/// More roles are more than anybody sees.
const MOST_ROLES: usize = 300;
/// The same of those who can become an administrator.
const MOST_CARDS: usize = 300;
/// As many steps as `escalate` looks for.
const MOST_STEPS: usize = 4;

pub(crate) const PICTURE: &str = "\
Examples:
  portcullis picture --directory dumps --of roles -o roles.svg
  portcullis picture --directory dumps --of organization --format html -o organization.html
  portcullis picture --directory dumps --of escalation -o escalation.svg

Roles: everybody who may assume a role, with the context that is given, before what is reached. Organization: the
control policies of each level, and what they deny. Escalation: what escalate finds, whoever takes the most steps on the left.";

#[derive(Args, Debug)]
#[command(after_help = PICTURE)]
pub(crate) struct PictureArgs {
    #[command(flatten)]
    asking: Asking,
    /// What is drawn
    #[arg(long, value_enum, default_value_t)]
    of: Of,
    /// A picture, or a page with it
    #[arg(long, value_enum, default_value_t)]
    format: PictureFormat,
    /// Where to write; standard output if left out
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Of {
    /// Who may assume which roles
    #[default]
    Roles,
    /// What each level of the organization denies
    Organization,
    /// Who can become an administrator, and how
    Escalation,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum PictureFormat {
    /// A picture
    #[default]
    Svg,
    /// A page with the picture
    Html,
}

pub(crate) fn run(args: &PictureArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let asking = &args.asking;
    let context = asking.context("sts:AssumeRole", "*", &arena)?;
    // Explanations say which groups a user is in.
    let opened = asking.directory.open(match args.of {
        Of::Escalation => Keep::Explanations,
        Of::Roles | Of::Organization => Keep::Decisions,
    })?;
    let directory = &opened.directory;
    let mut chart = match args.of {
        Of::Roles => {
            let found = directory.roles_chart(context, asking.threads(), MOST_ROLES);
            found.map_err(Failure::new)?.ok_or_else(|| {
                Failure::new(format_args!(
                    "the directory has more than {MOST_ROLES} roles: draw a folder with fewer accounts"
                ))
            })?
        }
        Of::Organization => directory.organization_chart().ok_or_else(|| {
            Failure::new(
                "there is no organization in the directory, or it is an image: give the folder",
            )
        })?,
        Of::Escalation => {
            if !directory.has_documents() {
                return Err(Failure::new(
                    "an image does not contain policies as they are written; give the folder",
                ));
            }
            let all = escalations(directory, (context, None), MOST_STEPS, asking.threads());
            let count = directory.principal_count();
            escalation::chart(&all, count, MOST_CARDS).ok_or_else(|| {
                Failure::new(format_args!(
                    "more than {MOST_CARDS} users and roles can become an administrator, or are reached: `portcullis escalate` \
                     lists them"
                ))
            })?
        }
    };
    if directory.is_incomplete() {
        chart
            .notes
            .push("incomplete: the directory refers to what is not there".to_string());
    }
    let text = match args.format {
        PictureFormat::Svg => chart.svg(),
        PictureFormat::Html => chart.html(),
    };
    match args
        .output
        .as_deref()
        .filter(|path| path.as_os_str() != "-")
    {
        Some(path) => write(path, text.as_bytes())?,
        None => {
            let mut output = Output::new();
            output.bytes(text.as_bytes())?;
            output.finish()?;
        }
    }
    if chart.cards.is_empty() {
        complain(match args.of {
            Of::Escalation => {
                "note: nobody of the directory who is no administrator can become one by the paths that are known"
            }
            Of::Roles | Of::Organization => {
                "note: nobody of the directory may assume a role of it, with the context that was given"
            }
        });
        return Ok(ExitCode::from(if directory.is_incomplete() {
            4
        } else {
            exit::DENY
        }));
    }
    Ok(ExitCode::SUCCESS)
}
