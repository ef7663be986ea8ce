//! `lsp`: a language server for policies, in JSON and in the policy language, over standard input and output.
//!
//! It knows the documents that an editor has open and reports what `check` finds in them as they are edited. Facts come from the
//! catalog, and definitions from the files that a file imports; nothing else is consulted.

mod complete;
mod define;
mod findings;
mod hover;
mod pretty;
mod server;
mod text;
mod transport;

use std::io::{BufRead, Write};
use std::process::ExitCode;

use clap::Args;
use portcullis_catalog::Catalog;
use portcullis_lint::Memory;

use self::server::{Next, Server};
use crate::catalog::DataArgs;
use crate::failure::Failure;
use crate::lint_catalog::FromPack;

#[derive(Args, Debug)]
pub(crate) struct LspArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Use standard input and output, which is the default
    #[arg(long)]
    stdio: bool,
}

/// Why a conversation ended otherwise than by `shutdown` and `exit`.
const LEFT: &str =
    "the connection to the editor failed: it was closed without `shutdown` and `exit`";

/// Runs until the editor ends it.
pub(crate) fn run(args: &LspArgs) -> Result<ExitCode, Failure> {
    let data = args.data.open()?;
    let catalog = FromPack::new(&data);
    let memory = Memory::default();
    let mut server = Server::new(&data, &catalog, &memory);
    let connection = transport::stdio();
    let mut ended = false;
    loop {
        // What changed is told once nothing else is waiting: who types fast is not held up.
        if connection.is_idle() {
            server.rest();
        }
        // If nobody listens any more, the next message says so.
        server.said().for_each(|message| connection.send(message));
        let Some(message) = connection.next() else {
            break;
        };
        if let Next::End(is_right) = server.take(message) {
            ended = is_right;
            break;
        }
    }
    server.said().for_each(|message| connection.send(message));
    connection.finish().map_err(Failure::new)?;
    match ended {
        true => Ok(ExitCode::SUCCESS),
        false => Err(Failure::new(LEFT)),
    }
}

/// Answers an editor whose messages come from `input`, one after the other on this thread, with the findings of documents told as
/// soon as they change. Files are read only as `portcullis lsp` reads them: configurations above open documents, and what these import.
///
/// Time is linear in the input but for a document that is changed often, each time all of which is looked at. Memory holds the
/// documents that are open; one message has at most 32 MiB.
///
/// # Errors
/// What was wrong with a message, or with how the conversation ended, or that the output could not be written.
///
/// ```
/// let body = r#"{"jsonrpc":"2.0","id":1,"method":"textDocument/hover"}"#;
/// let input = format!("Content-Length: {}\r\n\r\n{body}", body.len());
/// let mut output = Vec::new();
/// let told = portcullis_cli::serve(&mut input.as_bytes(), &mut output);
/// assert!(told.is_err_and(|reason| reason.contains("closed without")));
/// assert!(String::from_utf8(output)?.contains("-32002"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn serve(mut input: &mut dyn BufRead, mut output: &mut dyn Write) -> Result<(), String> {
    let facts = Catalog::builtin().map_err(|error| error.to_string())?;
    let catalog = FromPack::new(facts);
    let memory = Memory::default();
    let mut server = Server::new(facts, &catalog, &memory);
    loop {
        let message =
            transport::read(&mut input).map_err(|error| transport::wrong_message(&error))?;
        let Some(message) = message else {
            return Err(LEFT.to_owned());
        };
        let next = server.take(message);
        server.rest();
        for message in server.said() {
            let written = message.write(&mut output);
            written.map_err(|error| transport::unwritten(&error))?;
        }
        match next {
            Next::Go => {}
            Next::End(true) => return Ok(()),
            Next::End(false) => return Err(LEFT.to_owned()),
        }
    }
}
