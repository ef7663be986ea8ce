//! `portcullis.toml`: what is checked, and how, in a folder and all below it.
//!
//! It is looked for from the folder of a file upwards, and the nearest counts. Members that it does not have are errors.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use portcullis_lint::ResourceType;
use portcullis_syntax::glob::covers;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::FailOn;
use super::choice::{Choice, Name};
use super::found::{Found, Wanted};
use crate::failure::Failure;
use crate::output::display_name;
use portcullis_source::LineIndex;

/// The name of the file.
const NAME: &str = "portcullis.toml";
/// Larger ones are no configuration.
const LARGEST: usize = 1 << 20;

/// What a configuration says.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// Where it stands; none if there is none.
    pub(crate) path: Option<PathBuf>,
    pub(crate) choice: Choice,
    pub(crate) fail_on: Option<FailOn>,
    pub(crate) account: Option<String>,
    pub(crate) baseline: Option<PathBuf>,
    pub(crate) proofs: bool,
    types: Vec<Typed>,
    allow: Vec<Allow>,
}

/// The type of the documents of some files.
#[derive(Debug)]
struct Typed {
    files: String,
    wanted: Wanted,
}

/// A finding that somebody knows of.
#[derive(Debug)]
pub(crate) struct Allow {
    line: usize,
    files: String,
    code: Name,
    sid: Option<String>,
    /// The last day on which it counts.
    until: Option<String>,
    is_used: Cell<bool>,
    /// A file that it is about was checked.
    is_near: Cell<bool>,
}

/// The configurations of folders, each read once.
#[derive(Default)]
pub(crate) struct Configurations {
    /// Given by its path, or none to be looked for.
    given: Option<Rc<Settings>>,
    is_off: bool,
    folders: HashMap<PathBuf, Rc<Settings>>,
}

impl Configurations {
    /// # Errors
    /// The file cannot be read, or is none.
    pub(crate) fn new(given: Option<&Path>, is_off: bool) -> Result<Configurations, Failure> {
        let given = given.map(|path| read(path).map(Rc::new)).transpose()?;
        Ok(Configurations {
            given,
            is_off,
            folders: HashMap::new(),
        })
    }

    /// Reads configurations that are looked for anew.
    pub(crate) fn forget(&mut self) {
        self.folders.clear();
    }

    /// The configuration of a file.
    ///
    /// # Errors
    /// As [`Configurations::new`].
    pub(crate) fn of(&mut self, file: &Path) -> Result<Rc<Settings>, Failure> {
        if let Some(given) = &self.given {
            return Ok(Rc::clone(given));
        }
        if self.is_off {
            return Ok(Rc::default());
        }
        let is_stdin = file.as_os_str() == "-";
        let start = match file.parent().filter(|_| !is_stdin) {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if let Some(found) = self.folders.get(start) {
            return Ok(Rc::clone(found));
        }
        let folder = fs::canonicalize(start).unwrap_or_else(|_| start.to_owned());
        let mut found = None;
        for above in folder.ancestors() {
            let path = above.join(NAME);
            if path.is_file() {
                found = Some(path);
                break;
            }
        }
        let settings = match found {
            Some(path) => {
                let known = self
                    .folders
                    .values()
                    .find(|one| one.path.as_deref() == Some(&path));
                match known {
                    Some(known) => Rc::clone(known),
                    None => Rc::new(read(&path)?),
                }
            }
            None => Rc::default(),
        };
        self.folders.insert(start.to_owned(), Rc::clone(&settings));
        Ok(settings)
    }

    /// What nobody needs any more, in words.
    pub(crate) fn unused(&self) -> Vec<String> {
        let mut paths: Vec<&Rc<Settings>> = self.folders.values().chain(&self.given).collect();
        paths.sort_by_key(|one| one.path.clone());
        paths.dedup_by_key(|one| one.path.clone());
        let today = today();
        let mut all = Vec::new();
        for settings in paths {
            let name = settings
                .path
                .as_deref()
                .map(display_name)
                .unwrap_or_default();
            for allow in settings.allow.iter().filter(|one| one.is_near.get()) {
                let Allow {
                    line,
                    code,
                    files,
                    until,
                    ..
                } = allow;
                if let Some(day) = until.as_ref().filter(|day| **day < today) {
                    all.push(format!(
                        "{name}:{line}: the suppression of {code} in {files} expired on {day}"
                    ));
                } else if !allow.is_used.get() {
                    all.push(format!(
                        "{name}:{line}: the suppression of {code} in {files} is unused"
                    ));
                }
            }
        }
        all
    }
}

impl Settings {
    /// The path of a file below the folder of the configuration, with `/` between its parts.
    fn relative(&self, file: &Path) -> String {
        let whole = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let folder = self.path.as_deref().and_then(Path::parent);
        let folder =
            folder.map(|folder| fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned()));
        let own = folder.and_then(|folder| whole.strip_prefix(folder).ok().map(Path::to_owned));
        let parts = own.unwrap_or_else(|| file.to_owned());
        let parts: Vec<String> = parts
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        parts.join("/")
    }

    /// What a file's documents are checked as, by the last entry that names it.
    pub(crate) fn wanted(&self, file: &Path) -> Wanted {
        if self.types.is_empty() {
            return Wanted::default();
        }
        let file = self.relative(file);
        let mut own = self.types.iter().rev();
        let found = own.find(|one| is_in(&one.files, &file));
        found.map(|one| one.wanted).unwrap_or_default()
    }

    /// Takes out what somebody knows of. `sid` is that of a finding's statement.
    pub(crate) fn allow(
        &self,
        file: &Path,
        all: &mut Vec<Found>,
        sid: impl Fn(&Found) -> Option<String>,
    ) {
        if self.allow.is_empty() {
            return;
        }
        let file = self.relative(file);
        let today = today();
        for allow in self.allow.iter().filter(|one| is_in(&one.files, &file)) {
            allow.is_near.set(true);
            if allow.until.as_ref().is_some_and(|day| *day < today) {
                continue;
            }
            all.retain(|found| {
                let is_meant = !found.diagnostic.is_error()
                    && allow.code.is_of(found)
                    && allow
                        .sid
                        .as_ref()
                        .is_none_or(|own| sid(found).as_ref() == Some(own));
                if is_meant {
                    allow.is_used.set(true);
                }
                !is_meant
            });
        }
    }
}

/// Today in UTC, as `2026-01-31`.
fn today() -> String {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let days = i64::try_from(since.as_secs() / 86_400).unwrap_or_default() + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Whether a path is one of a pattern: `*` and `?` within a part, `**` any parts. A pattern without `/` is about the name in
/// any folder.
fn is_in(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = match pattern.contains('/') {
        true => pattern.split('/').collect(),
        false => vec!["**", pattern],
    };
    let path: Vec<&str> = path.split('/').collect();
    // Which beginnings of the path the pattern reaches so far.
    let mut row: Vec<bool> = core::iter::once(true)
        .chain(path.iter().map(|_| false))
        .collect();
    for part in pattern {
        let mut next = vec![false; row.len()];
        for (at, is_reached) in row
            .iter()
            .enumerate()
            .filter(|(_, is_reached)| **is_reached)
        {
            let _ = is_reached;
            if part == "**" {
                next.iter_mut().skip(at).for_each(|one| *one = true);
            } else if let (Some(name), Some(one)) = (path.get(at), next.get_mut(at + 1)) {
                *one |= covers(part, name, false, &mut 100_000) == Some(true);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// A problem at a byte of a configuration.
struct Wrong {
    at: usize,
    what: String,
}

fn read(path: &Path) -> Result<Settings, Failure> {
    let name = display_name(path);
    let text = crate::output::read_text(path)?;
    let text =
        String::from_utf8(text).map_err(|_| Failure::new(format_args!("{name}: not UTF-8")))?;
    if text.len() > LARGEST {
        return Err(Failure::new(format_args!(
            "{name}: the configuration is too large"
        )));
    }
    parse(path, &text).map_err(|Wrong { at, what }| {
        let at = u32::try_from(at).unwrap_or_default();
        let (line, column) = LineIndex::new(&text).position(at);
        Failure::new(format_args!("{name}:{line}:{column}: {what}"))
    })
}

type Value<'t> = Spanned<DeValue<'t>>;

fn parse(path: &Path, text: &str) -> Result<Settings, Wrong> {
    let table = DeTable::parse(text).map_err(|error| Wrong {
        at: error.span().map_or(0, |span| span.start),
        what: error.message().to_owned(),
    })?;
    let mut settings = Settings {
        path: Some(path.to_owned()),
        ..Settings::default()
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    for (name, value) in table.get_ref().iter() {
        match (&**name.get_ref(), value.get_ref()) {
            ("check", DeValue::Table(check)) => {
                for (name, value) in check.iter() {
                    member(&mut settings, folder, text, name, value)?;
                }
            }
            ("check", _) => return Err(wrong(value, "`check` must be a table")),
            _ => return Err(unknown(name, "the configuration", &["check"])),
        }
    }
    Ok(settings)
}

fn member<'t>(
    settings: &mut Settings,
    folder: &Path,
    text: &str,
    name: &Spanned<std::borrow::Cow<'t, str>>,
    value: &Value<'t>,
) -> Result<(), Wrong> {
    match &**name.get_ref() {
        "select" => settings.choice.select = names(value)?,
        "ignore" => settings.choice.ignore = names(value)?,
        "warn" => settings.choice.warn = names(value)?,
        "deny" => settings.choice.deny = names(value)?,
        "fail-on" => {
            let word = string(value)?;
            let known = <FailOn as clap::ValueEnum>::from_str(word, false);
            settings.fail_on = Some(known.map_err(|_| {
                wrong(
                    value,
                    "expected error, security-warning, warning, suggestion or none",
                )
            })?);
        }
        "account" => {
            let id = string(value)?;
            if !portcullis_model::is_account_id(id) {
                return Err(wrong(value, "expected a string of 12 digits"));
            }
            settings.account = Some(id.to_owned());
        }
        "proofs" => match value.get_ref() {
            DeValue::Boolean(own) => settings.proofs = *own,
            _ => return Err(wrong(value, "expected true or false")),
        },
        "baseline" => settings.baseline = Some(folder.join(string(value)?)),
        "types" => {
            for one in tables(value, "types")? {
                settings.types.push(typed(one)?);
            }
        }
        "allow" => {
            for one in tables(value, "allow")? {
                settings.allow.push(allowed(one, text)?);
            }
        }
        _ => {
            let known = [
                "select", "ignore", "warn", "deny", "fail-on", "account", "baseline", "proofs",
                "types", "allow",
            ];
            return Err(unknown(name, "`check`", &known));
        }
    }
    Ok(())
}

fn wrong(value: &Value<'_>, what: impl Into<String>) -> Wrong {
    Wrong {
        at: value.span().start,
        what: what.into(),
    }
}

fn unknown(name: &Spanned<std::borrow::Cow<'_, str>>, of: &str, known: &[&str]) -> Wrong {
    Wrong {
        at: name.span().start,
        what: format!(
            "unknown member `{}` in {of}; expected {}",
            name.get_ref(),
            known.join(", ")
        ),
    }
}

fn string<'v>(value: &'v Value<'_>) -> Result<&'v str, Wrong> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text),
        _ => Err(wrong(value, "expected a string")),
    }
}

fn names(value: &Value<'_>) -> Result<Vec<Name>, Wrong> {
    let DeValue::Array(list) = value.get_ref() else {
        return Err(wrong(value, "expected a list of codes and groups"));
    };
    let one = |value: &Value<'_>| Name::parse(string(value)?).map_err(|what| wrong(value, what));
    list.iter().map(one).collect()
}

fn tables<'v, 't>(
    value: &'v Value<'t>,
    name: &str,
) -> Result<Vec<(&'v Value<'t>, &'v DeTable<'t>)>, Wrong> {
    let wanted = || format!("`{name}` must be a list of tables: [[check.{name}]]");
    let DeValue::Array(list) = value.get_ref() else {
        return Err(wrong(value, wanted()));
    };
    let one = |value: &'v Value<'t>| match value.get_ref() {
        DeValue::Table(table) => Ok((value, table)),
        _ => Err(wrong(value, wanted())),
    };
    list.iter().map(one).collect()
}

fn typed((whole, table): (&Value<'_>, &DeTable<'_>)) -> Result<Typed, Wrong> {
    let (mut files, mut wanted) = (None, Wanted::default());
    for (name, value) in table.iter() {
        match &**name.get_ref() {
            "files" => files = Some(string(value)?.to_owned()),
            "type" => {
                let kind =
                    super::document_type(string(value)?).map_err(|what| wrong(value, what))?;
                wanted.kind = Some(kind.kind);
                wanted.resource = wanted.resource.or(kind.target.resource);
            }
            "resource-type" => {
                let found = ResourceType::parse(string(value)?);
                wanted.resource = Some(found.ok_or_else(|| wrong(value, "unknown resource type"))?);
            }
            _ => {
                return Err(unknown(
                    name,
                    "`types`",
                    &["files", "type", "resource-type"],
                ));
            }
        }
    }
    let files = files.ok_or_else(|| wrong(whole, NO_FILES))?;
    Ok(Typed { files, wanted })
}

const NO_FILES: &str = "`files` is missing: say which files it is about, such as \"**\" for all";

fn allowed((whole, table): (&Value<'_>, &DeTable<'_>), text: &str) -> Result<Allow, Wrong> {
    let (mut files, mut code, mut sid, mut reason, mut until) = (None, None, None, None, None);
    for (name, value) in table.iter() {
        match (&**name.get_ref(), value.get_ref()) {
            ("files", _) => files = Some(string(value)?.to_owned()),
            ("code", _) => {
                code = Some(Name::parse(string(value)?).map_err(|what| wrong(value, what))?);
            }
            ("sid", _) => sid = Some(string(value)?.to_owned()),
            ("reason", _) => reason = Some(string(value)?.trim().to_owned()),
            ("until", DeValue::Datetime(day)) if day.date.is_some() && day.time.is_none() => {
                until = Some(day.to_string());
            }
            ("until", _) => {
                return Err(wrong(
                    value,
                    "expected a date without quotes, such as 2026-01-31",
                ));
            }
            _ => {
                return Err(unknown(
                    name,
                    "`allow`",
                    &["files", "code", "sid", "reason", "until"],
                ));
            }
        }
    }
    if reason.is_none_or(|reason: String| reason.is_empty()) {
        return Err(wrong(
            whole,
            "`reason` is missing: say why the finding may stay",
        ));
    }
    let at = u32::try_from(whole.span().start).unwrap_or_default();
    Ok(Allow {
        line: LineIndex::new(text).position(at).0,
        files: files.ok_or_else(|| wrong(whole, NO_FILES))?,
        code: code.ok_or_else(|| wrong(whole, "`code` is missing: say which finding may stay"))?,
        sid,
        until,
        is_used: Cell::new(false),
        is_near: Cell::new(false),
    })
}

#[cfg(test)]
mod tests {
    use super::{is_in, today};

    #[test]
    fn patterns_of_paths() {
        for (pattern, path, expected) in [
            ("*.json", "a/b/c.json", true),
            ("*.json", "c.iam", false),
            ("scp/**", "scp/a/b.json", true),
            ("scp/**", "other/scp/a.json", false),
            ("**/scp/*.json", "scp/a.json", true),
            ("**/scp/*.json", "x/y/scp/a.json", true),
            ("scp/*.json", "scp/a/b.json", false),
            ("policies/*/prod?.json", "policies/a/prod1.json", true),
        ] {
            assert_eq!(is_in(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn today_is_a_day() {
        let day = today();
        assert!(day.len() == 10 && day.as_str() > "2025-01-01", "{day}");
    }
}
