//! What is measured, and who is: the data files in `benches/definitions`.

use std::fs;
use std::path::Path;

use portcullis_testkit::json_value;
use serde_json::Value;

/// A workload's definition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Workload {
    /// Its name.
    pub(crate) name: String,
    /// Which generator makes it.
    pub(crate) generator: String,
    /// One sentence on what it stresses.
    pub(crate) stresses: String,
    /// How many tenants or statements there are, where the generator asks.
    pub(crate) size: usize,
    /// How many requests there are, where the generator asks.
    pub(crate) requests: usize,
    /// True if the requests come in random order instead of in turn.
    pub(crate) random: bool,
    /// The number of statements on the axis of the growth plot, if it is a point of it.
    pub(crate) growth: Option<u64>,
    /// The only engines that are measured; all if empty.
    pub(crate) engines: Vec<String>,
    /// Seconds for a measurement, where the default is too short.
    pub(crate) seconds: Option<f64>,
    /// A file with policies that the generator reads, from the root of the repository. It need not be there.
    pub(crate) data: Option<String>,
}

/// An engine's definition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Engine {
    /// Its name in tables.
    pub(crate) name: String,
    /// The package in `benches/engines` that is its adapter; empty if that is a script.
    pub(crate) package: String,
    /// The script for Node in `benches/engines` that is its adapter.
    pub(crate) script: Option<String>,
    /// The adapter's variant; empty for the usual one.
    pub(crate) variant: String,
    /// One sentence on what is measured.
    pub(crate) about: String,
    /// The only workloads that it is asked for; all if empty.
    pub(crate) workloads: Vec<String>,
}

/// All definitions.
#[derive(Clone, Debug)]
pub(crate) struct Definitions {
    /// The workloads, in the order of the tables.
    pub(crate) workloads: Vec<Workload>,
    /// The engines, in the order of the tables.
    pub(crate) engines: Vec<Engine>,
}

impl Definitions {
    /// Reads the definitions of a folder.
    ///
    /// # Errors
    /// The file, and what is wrong with it.
    pub(crate) fn read(folder: &Path) -> Result<Definitions, String> {
        let list = |name: &str| {
            let path = folder.join(name);
            let fail = |reason: String| format!("{}: {reason}", path.display());
            let text = fs::read_to_string(&path).map_err(|error| fail(error.to_string()))?;
            let value = json_value(&text).map_err(fail)?;
            match value {
                Value::Array(list) => Ok(list),
                _ => Err(fail("not a list".into())),
            }
        };
        let definitions = Definitions {
            workloads: list("workloads.json")?
                .iter()
                .map(workload)
                .collect::<Result<_, _>>()?,
            engines: list("engines.json")?
                .iter()
                .map(engine)
                .collect::<Result<_, _>>()?,
        };
        definitions.check()?;
        Ok(definitions)
    }

    /// Names that nothing has would silently measure nothing.
    fn check(&self) -> Result<(), String> {
        for workload in &self.workloads {
            for name in &workload.engines {
                if self.engines.iter().all(|engine| engine.name != *name) {
                    return Err(format!("{}: there is no engine {name}", workload.name));
                }
            }
        }
        for engine in &self.engines {
            for name in &engine.workloads {
                if self.workloads.iter().all(|workload| workload.name != *name) {
                    return Err(format!("{}: there is no workload {name}", engine.name));
                }
            }
        }
        Ok(())
    }

    /// The engines that are asked for a workload.
    pub(crate) fn engines_for<'d>(
        &'d self,
        workload: &'d Workload,
    ) -> impl Iterator<Item = &'d Engine> {
        self.engines.iter().filter(|engine| {
            let wanted = |list: &[String], name: &String| list.is_empty() || list.contains(name);
            wanted(&workload.engines, &engine.name) && wanted(&engine.workloads, &workload.name)
        })
    }
}

fn only(value: &Value, members: &[&str]) -> Result<(), String> {
    let object = value
        .as_object()
        .ok_or_else(|| format!("not an object: {value}"))?;
    match object.keys().find(|key| !members.contains(&key.as_str())) {
        Some(key) => Err(format!("{}: unknown member {key}", value["name"])),
        None => Ok(()),
    }
}

fn text(value: &Value, member: &str) -> Result<String, String> {
    match value[member].as_str() {
        Some(text) if !text.is_empty() => Ok(text.into()),
        _ => Err(format!("{}: no {member}", value["name"])),
    }
}

fn texts(value: &Value, member: &str) -> Vec<String> {
    let list = value[member].as_array().into_iter().flatten();
    list.filter_map(|item| Some(item.as_str()?.to_string()))
        .collect()
}

fn number(value: &Value, member: &str) -> Option<u64> {
    value[member].as_u64()
}

fn workload(value: &Value) -> Result<Workload, String> {
    only(
        value,
        &[
            "name",
            "generator",
            "stresses",
            "tenants",
            "statements",
            "requests",
            "order",
            "growth",
            "engines",
            "seconds",
            "data",
        ],
    )?;
    let size = number(value, "tenants").or(number(value, "statements"));
    Ok(Workload {
        name: text(value, "name")?,
        generator: text(value, "generator")?,
        stresses: text(value, "stresses")?,
        size: usize::try_from(size.unwrap_or(0)).unwrap_or(0),
        requests: usize::try_from(number(value, "requests").unwrap_or(16)).unwrap_or(16),
        random: match value["order"].as_str() {
            None => false,
            Some("random") => true,
            Some(other) => return Err(format!("{}: unknown order {other}", value["name"])),
        },
        growth: number(value, "growth"),
        engines: texts(value, "engines"),
        seconds: value["seconds"].as_f64(),
        data: value["data"].as_str().map(str::to_string),
    })
}

fn engine(value: &Value) -> Result<Engine, String> {
    only(
        value,
        &["name", "package", "script", "variant", "about", "workloads"],
    )?;
    let script = value["script"].as_str().map(str::to_string);
    Ok(Engine {
        name: text(value, "name")?,
        package: match script {
            Some(_) => String::new(),
            None => text(value, "package")?,
        },
        script,
        variant: value["variant"].as_str().unwrap_or("").into(),
        about: text(value, "about")?,
        workloads: texts(value, "workloads"),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Definitions;
    use crate::generate::generate;

    fn shipped() -> Definitions {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions");
        Definitions::read(&folder).unwrap()
    }

    #[test]
    fn the_shipped_definitions_are_understood() {
        let definitions = shipped();
        assert!(
            definitions
                .engines
                .iter()
                .any(|engine| engine.name == "portcullis")
        );
        for workload in &definitions.workloads {
            assert!(workload.stresses.ends_with('.'), "{}", workload.name);
            assert!(
                definitions.engines_for(workload).count() > 0,
                "{}",
                workload.name
            );
        }
    }

    #[test]
    fn every_shipped_workload_can_be_generated() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for mut workload in shipped().workloads {
            workload.size = workload.size.min(200);
            if workload
                .data
                .as_ref()
                .is_some_and(|data| !root.join(data).exists())
            {
                eprintln!("skipped: {} needs data that is not there", workload.name);
                continue;
            }
            let scenario = generate(&root, &workload).unwrap();
            let value: serde_json::Value = serde_json::from_str(&scenario.text).unwrap();
            let requests = value["requests"].as_array().unwrap();
            assert_eq!(requests.len(), scenario.expect.len());
            assert!(!requests.is_empty(), "{}", workload.name);
        }
    }

    #[test]
    fn a_member_that_nobody_reads_is_an_error() {
        let value = serde_json::json!({"name": "a", "generater": "b"});
        assert!(super::workload(&value).unwrap_err().contains("generater"));
    }
}
