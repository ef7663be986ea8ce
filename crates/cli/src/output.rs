//! Standard output and files.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, IsTerminal, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use portcullis_explain::printable;
use portcullis_scenario::{Files, UnreadableError};
pub(crate) use portcullis_source::files::reason;
use portcullis_source::json::{MAX_TEXT, utf8};

use crate::failure::{Failure, use_color};

/// The version of what commands print in JSON, `docs/schemas`; raised when a member changes its meaning or is gone.
pub(crate) const VERSION: u32 = 1;

/// Standard output.
pub(crate) struct Output {
    stream: BufWriter<io::StdoutLock<'static>>,
    is_interactive: bool,
    color: bool,
}

impl Output {
    pub(crate) fn new() -> Output {
        let stdout = io::stdout();
        Output {
            is_interactive: stdout.is_terminal(),
            color: use_color(&stdout),
            stream: BufWriter::with_capacity(1 << 16, stdout.lock()),
        }
    }

    /// How many characters a line of the terminal has; none if it is no terminal.
    pub(crate) fn width(&self) -> Option<usize> {
        let (width, _) = terminal_size::terminal_size().filter(|_| self.is_interactive)?;
        Some(usize::from(width.0))
    }

    pub(crate) fn color(&self) -> bool {
        self.color
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(text.as_bytes())?;
        self.bytes(b"\n")?;
        if self.is_interactive {
            self.finish()?;
        }
        Ok(())
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream.write_all(bytes).map_err(write_failure)
    }

    /// Sees to it that everything is written.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.stream.flush().map_err(write_failure)
    }
}

fn write_failure(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
        _ => Failure::new(format_args!(
            "cannot write to standard output: {}",
            reason(&error)
        )),
    }
}

/// The name under which standard input appears in messages.
pub(crate) const STDIN: &str = "<stdin>";

/// How a file is called in messages.
pub(crate) fn display_name(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => STDIN.to_string(),
        false => printable(&path.to_string_lossy()).into_owned(),
    }
}

/// An input that knows whether more of it is at hand.
pub(crate) type Input = BufReader<Box<dyn Read>>;

static STDIN_TAKEN: AtomicBool = AtomicBool::new(false);

/// Opens a file, or standard input for `-`.
pub(crate) fn open(path: &Path) -> Result<Input, Failure> {
    if path.as_os_str() == "-" {
        if STDIN_TAKEN.swap(true, Ordering::Relaxed) {
            return Err(Failure::new("standard input can be used only once"));
        }
        return Ok(input(io::stdin().lock()));
    }
    let fail = |error: &str| cannot_read(path, error);
    let file = File::open(path).map_err(|error| fail(&reason(&error)))?;
    // A directory can be opened, and would fail at the first byte with less to say.
    if file.metadata().is_ok_and(|data| data.is_dir()) {
        return Err(fail("it is a directory"));
    }
    Ok(input(file))
}

fn input(stream: impl Read + 'static) -> Input {
    BufReader::with_capacity(1 << 16, Box::new(stream))
}

/// A file's content, or that of standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    // More than that is refused by whoever gets it.
    let limit = 4 * MAX_TEXT as u64;
    open(path)?
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| cannot_read(path, &reason(&error)))?;
    Ok(bytes)
}

/// The content of a file that is text, as UTF-8 if it is UTF-16.
pub(crate) fn read_text(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path).map(utf8)
}

pub(crate) fn cannot_read(path: &Path, reason: &str) -> Failure {
    let name = display_name(path);
    Failure::new(format_args!("cannot read {name}: {reason}"))
}

/// Writes a file so that nobody ever sees half of it. A link stays one, and a file keeps its permissions.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes).map_err(|error| {
        let name = display_name(path);
        Failure::new(format_args!("cannot write {name}: {}", reason(&error)))
    })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (target, permissions) = match fs::metadata(path) {
        Ok(found) if found.is_file() => (fs::canonicalize(path)?, Some(found.permissions())),
        // A stream, or something that says better than we could why it cannot be written.
        Ok(_) => return fs::write(path, bytes),
        Err(_) => (path.to_path_buf(), None),
    };
    let mut beside = target.clone().into_os_string();
    beside.push(format!(".{}.tmp", std::process::id()));
    let written = fs::write(&beside, bytes)
        .and_then(|()| permissions.map_or(Ok(()), |own| fs::set_permissions(&beside, own)))
        .and_then(|()| fs::rename(&beside, &target));
    if written.is_err() {
        // The first failure is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written
}

static ALLOW_OUTSIDE: AtomicBool = AtomicBool::new(false);

/// Lets paths that scenarios, requests and policies name lead anywhere.
pub(crate) fn allow_outside(is_allowed: bool) {
    ALLOW_OUTSIDE.store(is_allowed, Ordering::Relaxed);
}

/// The files that scenarios name.
pub(crate) struct Disk;

impl Files for Disk {
    fn read(&self, folder: &Path, path: &Path) -> Result<Vec<u8>, UnreadableError> {
        let disk = portcullis_scenario::Disk {
            allow_outside: self.allow_outside(),
        };
        disk.read(folder, path).map(utf8)
    }

    fn allow_outside(&self) -> bool {
        ALLOW_OUTSIDE.load(Ordering::Relaxed)
    }
}
