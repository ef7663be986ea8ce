//! The mutants that are known to survive, and why.

use std::collections::BTreeMap;
use std::path::Path;

use crate::Outcome;

/// Reasons by what [`Mutant::key`](crate::points::Mutant::key) says: file, function, line, and change.
pub fn read(path: &Path) -> Outcome<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path)?;
    let mut found = BTreeMap::new();
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, reason) = line
            .rsplit_once('\t')
            .ok_or_else(|| format!("no reason in {line:?}"))?;
        if !["equivalent: ", "cost: ", "unknown: ", "refuted: ", "open: "]
            .iter()
            .any(|sort| reason.starts_with(sort))
        {
            return Err(format!("a reason of no sort: {reason:?}").into());
        }
        found.insert(key.to_owned(), reason.to_owned());
    }
    Ok(found)
}
