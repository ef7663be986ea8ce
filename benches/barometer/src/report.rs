//! Tables and plots from a record.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::measure::OURS;
use crate::plot::{Line, plot};
use crate::splice::splice;
use crate::stats::{bytes, digits, grouped, median, ratio, time};

/// Makes the page of results from the newest record.
///
/// # Errors
/// No record, or a page without markers.
pub(crate) fn report(root: &Path) -> Result<(), String> {
    let record = newest(&root.join("benches/record"))?;
    let docs = root.join("docs/benchmarks");
    let path = docs.join("results.md");
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut page = fs::read_to_string(&path).map_err(fail)?;
    for (part, text) in [
        ("machine", machine(&record)),
        ("times", times(&record)),
        ("growth", growth(&record)),
        ("details", details(&record)),
    ] {
        page = splice(&page, part, &text)?;
    }
    for (file, title, figure) in [
        (
            "growth.svg",
            "Time of a decision, by number of statements",
            "median_ns",
        ),
        (
            "load.svg",
            "Time to load, by number of statements",
            "load_ns",
        ),
    ] {
        if let Some(svg) = plot(title, "statements", &lines(&record, figure)) {
            fs::write(docs.join(file), svg).map_err(fail)?;
        }
    }
    fs::write(&path, page).map_err(fail)
}

fn newest(folder: &Path) -> Result<Value, String> {
    let fail = |reason: String| format!("{}: {reason}", folder.display());
    let files = fs::read_dir(folder).map_err(|error| fail(error.to_string()))?;
    let mut files: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "json"));
    files.sort();
    let newest = files.last().ok_or_else(|| fail("no record".into()))?;
    let text = fs::read_to_string(newest).map_err(|error| fail(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| fail(error.to_string()))
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value[name].as_array().into_iter().flatten()
}

/// A figure by round; rounds that failed are none.
fn rounds(engine: &Value, figure: &str) -> Vec<Option<f64>> {
    list(engine, "rounds")
        .map(|round| round[figure].as_f64())
        .collect()
}

fn figure(engine: &Value, name: &str) -> Option<f64> {
    median(
        &rounds(engine, name)
            .into_iter()
            .flatten()
            .collect::<Vec<_>>(),
    )
}

fn named<'v>(workload: &'v Value, engine: &str) -> Option<&'v Value> {
    list(workload, "engines").find(|one| one["engine"] == engine && one["rounds"].is_array())
}

/// The engine's ratio to ours in this workload.
fn to_ours(workload: &Value, engine: &Value) -> Option<f64> {
    let ours = named(workload, OURS)?;
    ratio(&rounds(engine, "median_ns"), &rounds(ours, "median_ns"))
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or("-")
}

fn machine(record: &Value) -> String {
    let facts = &record["machine"];
    let mut out = String::new();
    let line = |out: &mut String, name: &str, value: &str| {
        let _ = writeln!(out, "- {name}: {value}");
    };
    line(&mut out, "Date", text(record, "date"));
    line(
        &mut out,
        "Command",
        &format!("`{}`", text(record, "command")),
    );
    line(&mut out, "Revision", text(record, "revision"));
    let kind = match facts["hypervisor"].as_bool() {
        Some(true) => ", a virtual machine",
        _ => "",
    };
    line(
        &mut out,
        "Processor",
        &format!("{}, {} cores{kind}", text(facts, "cpu"), facts["cores"]),
    );
    for (name, member) in [
        ("Memory", "memory"),
        ("Kernel", "kernel"),
        ("Frequency governor", "governor"),
        ("Compiler", "rustc"),
        ("Instructions counted by", "valgrind"),
    ] {
        line(&mut out, name, text(facts, member));
    }
    let load = format!(
        "{} before, {} after",
        text(facts, "load"),
        text(record, "load_after")
    );
    line(&mut out, "Load of the machine (1, 5, 15 minutes)", &load);
    line(
        &mut out,
        "`GLIBC_TUNABLES`",
        &format!("`{}`", text(record, "tunables")),
    );
    let rounds = format!(
        "{} of {} s for each engine and workload, engines interleaved",
        record["rounds"], record["seconds"]
    );
    line(&mut out, "Rounds", &rounds);
    out
}

fn engine_names(record: &Value) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for workload in list(record, "workloads") {
        for engine in list(workload, "engines").filter(|engine| engine["rounds"].is_array()) {
            let name = text(engine, "engine").to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// The table of medians and ratios. A star marks an engine that answers differently.
pub(crate) fn times(record: &Value) -> String {
    let names = engine_names(record);
    let mut out = String::from("| |");
    for workload in list(record, "workloads").filter(|one| one["growth"].is_null()) {
        let _ = write!(out, " {} |", text(workload, "workload"));
    }
    out += "\n|---|";
    for _ in list(record, "workloads").filter(|one| one["growth"].is_null()) {
        out += "---:|";
    }
    for name in names {
        let strong = if name == OURS { "**" } else { "" };
        let _ = write!(out, "\n| {strong}{name}{strong} |");
        for workload in list(record, "workloads").filter(|one| one["growth"].is_null()) {
            let Some(engine) = named(workload, &name) else {
                out += " - |";
                continue;
            };
            let star = if engine["wrong"] == 0 { "" } else { " *" };
            let value = figure(engine, "median_ns").map_or("-".into(), time);
            match to_ours(workload, engine).filter(|_| name != OURS) {
                Some(ratio) => {
                    let _ = write!(out, " {value} ({}x){star} |", digits(ratio));
                }
                None => {
                    let _ = write!(out, " {strong}{value}{strong}{star} |");
                }
            }
        }
    }
    out.push('\n');
    out
}

fn growth_points(record: &Value) -> Vec<(&Value, f64)> {
    let workloads = list(record, "workloads");
    let points = workloads.filter_map(|workload| Some((workload, workload["growth"].as_f64()?)));
    points.collect()
}

fn lines(record: &Value, name: &str) -> Vec<Line> {
    let points = growth_points(record);
    let line = |engine: String| Line {
        is_ours: engine.starts_with(OURS),
        points: points
            .iter()
            .filter_map(|(workload, size)| Some((*size, figure(named(workload, &engine)?, name)?)))
            .collect(),
        name: engine,
    };
    // Variants that differ in the request only load alike.
    let names = engine_names(record).into_iter();
    let names =
        names.filter(|engine| name != "load_ns" || engine == OURS || !engine.contains(OURS));
    names
        .map(line)
        .filter(|line| line.points.len() > 1)
        .collect()
}

fn growth(record: &Value) -> String {
    let points = growth_points(record);
    let mut out = String::from("| statements |");
    let names = engine_names(record);
    let names: Vec<_> = names
        .iter()
        .filter(|name| {
            points
                .iter()
                .any(|(workload, _)| named(workload, name).is_some())
        })
        .collect();
    for name in &names {
        let _ = write!(out, " {name} |");
    }
    out += " load a statement | held a statement |\n|---:|";
    out += &"---:|".repeat(names.len() + 2);
    for (workload, size) in points {
        let _ = write!(out, "\n| {} |", grouped(size));
        for name in &names {
            let value = named(workload, name).and_then(|engine| figure(engine, "median_ns"));
            let _ = write!(out, " {} |", value.map_or("-".into(), time));
        }
        let ours = |name| Some(figure(named(workload, OURS)?, name)? / size);
        let load = ours("load_ns").map_or("-".into(), time);
        let held = ours("held_bytes").map_or("-".into(), bytes);
        let _ = write!(out, " {load} | {held} |");
    }
    out.push('\n');
    out
}

/// A table for each workload.
fn details(record: &Value) -> String {
    let mut out = String::new();
    for workload in list(record, "workloads") {
        let statements = workload["statements"].as_f64().unwrap_or(0.0);
        let _ = write!(
            out,
            "### {}\n\n{} {} statements, {} requests {}.\n\n\
             | engine | median | best | p99 | to {OURS} | allocations | instructions | load | held | \
             peak RSS | answers differently |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
            text(workload, "workload"),
            text(workload, "stresses"),
            grouped(statements),
            workload["requests"],
            text(workload, "order"),
        );
        for engine in list(workload, "engines").filter(|engine| engine["rounds"].is_array()) {
            let show =
                |name: &str, unit: fn(f64) -> String| figure(engine, name).map_or("-".into(), unit);
            let wrong = engine["wrong"].as_u64().unwrap_or(0);
            let wrong = match wrong {
                0 => "no".to_string(),
                some => format!("**{some} of {}**", workload["requests"]),
            };
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {wrong} |",
                text(engine, "engine"),
                show("median_ns", time),
                show("min_ns", time),
                show("p99_ns", time),
                to_ours(workload, engine).map_or("-".into(), |ratio| format!("{}x", digits(ratio))),
                show("allocations_per_decision", digits),
                engine["instructions"]
                    .as_f64()
                    .map_or("skipped".into(), grouped),
                show("load_ns", time),
                show("held_bytes", bytes),
                show("peak_rss_bytes", bytes),
            );
        }
        for engine in list(workload, "engines").filter(|engine| engine["skipped"].is_string()) {
            let (name, reason) = (text(engine, "engine"), text(engine, "skipped"));
            let _ = writeln!(out, "\nNot measured: {name}: {reason}");
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{details, growth, lines, times, to_ours};

    fn record() -> serde_json::Value {
        let round =
            |median: f64| json!({"median_ns": median, "load_ns": 5000.0, "held_bytes": 640});
        json!({"workloads": [
            {"workload": "W1", "statements": 3, "requests": 1, "order": "in turn", "stresses": "S.", "growth": null,
             "engines": [
                {"engine": "portcullis", "wrong": 0, "rounds": [round(10.0), round(20.0)], "instructions": 300.0},
                {"engine": "other", "wrong": 1, "rounds": [round(100.0), round(400.0)], "instructions": null},
                {"engine": "third", "skipped": "no wildcards"},
            ]},
            {"workload": "growth-10", "statements": 10, "requests": 1, "growth": 10,
             "engines": [{"engine": "portcullis", "wrong": 0, "rounds": [round(10.0)]}]},
            {"workload": "growth-100", "statements": 100, "requests": 1, "growth": 100,
             "engines": [{"engine": "portcullis", "wrong": 0, "rounds": [round(12.0)]}]},
        ]})
    }

    #[test]
    fn tables_show_what_was_measured() {
        let record = record();
        let table = times(&record);
        assert!(
            table.contains("| **portcullis** | **15.0 ns** |"),
            "{table}"
        );
        assert!(table.contains("| other | 250 ns (15.0x) * |"), "{table}");
        assert!(!table.contains("growth"), "{table}");
        let text = details(&record);
        assert!(text.contains("Not measured: third: no wildcards"), "{text}");
        assert!(
            text.contains("**1 of 1**") && text.contains("skipped"),
            "{text}"
        );
        assert!(growth(&record).contains("| 100 | 12.0 ns | 50.0 ns | 6.40 B |"));
        assert_eq!(
            lines(&record, "median_ns")[0].points,
            [(10.0, 10.0), (100.0, 12.0)]
        );
        let workload = &record["workloads"][0];
        assert_eq!(to_ours(workload, &workload["engines"][1]), Some(15.0));
    }
}
