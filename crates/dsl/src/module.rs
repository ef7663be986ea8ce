//! Files and what they define: one is read, the others are imported.

use crate::Loader;
use crate::build::Build;
use crate::codes;
use crate::grammar::FileParser;
use crate::limits::{MAX_FILES, MAX_PROBLEMS};
use crate::tokens::{Comment, scan};
use crate::tree::{Item, Let, Template, Use};
use bumpalo::Bump;
use portcullis_source::suggest::did_you_mean;
use portcullis_source::{Diagnostic, Related, Source, quoted};
use portcullis_syntax::ast::{Span, Text};
use std::cell::RefCell;
use std::collections::HashMap;

/// A text as its items, and what is wrong with it.
pub(crate) struct File<'a> {
    pub(crate) items: Vec<Item<'a>>,
    pub(crate) comments: Vec<Comment<'a>>,
    pub(crate) problems: Vec<Diagnostic>,
}

/// Parses a text. Items that could not be read are left out of no other item's meaning: the caller
/// must not use the file if there are problems.
pub(crate) fn parse_file<'a>(text: &'a str, arena: &'a Bump) -> File<'a> {
    let tokens = scan(text);
    if tokens.unusable {
        return File {
            items: Vec::new(),
            comments: Vec::new(),
            problems: tokens.problems,
        };
    }
    let list = arena.alloc_slice_copy(&tokens.list);
    drop(tokens.list);
    let build = Build {
        arena,
        text,
        tokens: list,
        problems: RefCell::new(tokens.problems),
    };
    let input = list
        .iter()
        .take_while(|_| !build.is_hopeless())
        .map(|token| Ok(*token));
    let items = FileParser::new().parse(&build, input);
    let items = items.unwrap_or_else(|error| {
        build.parse_error(&error);
        Vec::new()
    });
    let problems = build.problems.into_inner();
    File {
        items,
        comments: tokens.comments,
        problems,
    }
}

/// A file and its names.
pub(crate) struct Module<'a> {
    /// How the loader calls it; empty for the file that is read.
    pub(crate) name: String,
    pub(crate) text: &'a str,
    pub(crate) items: Vec<Item<'a>>,
    pub(crate) lets: HashMap<&'a str, Let<'a>>,
    pub(crate) templates: HashMap<&'a str, Template<'a>>,
    /// Imported names: the module that defines each.
    pub(crate) imports: HashMap<&'a str, usize>,
}

impl<'a> Module<'a> {
    /// The names that can be referred to, for suggestions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.lets
            .keys()
            .chain(self.templates.keys())
            .chain(self.imports.keys())
            .copied()
    }
}

/// All files of a parse.
pub(crate) struct Modules<'a> {
    pub(crate) list: Vec<Module<'a>>,
    pub(crate) problems: Vec<Diagnostic>,
}

/// Reads a text and everything it imports.
pub(crate) fn load<'a>(text: &'a str, arena: &'a Bump, loader: &dyn Loader) -> Modules<'a> {
    let mut modules = Modules {
        list: Vec::new(),
        problems: Vec::new(),
    };
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let file = parse_file(text, arena);
    modules.problems = file.problems;
    modules.list.push(module(String::new(), text, file.items));
    // Where the root file imports what leads to each module: problems are reported there.
    let mut origins = vec![Span::default()];
    let mut edges: Vec<Vec<(usize, Span)>> = vec![Vec::new()];
    let mut at = 0;
    while at < modules.list.len() {
        let uses: Vec<Use<'a>> = modules.list.get(at).map_or_else(Vec::new, |module| {
            let uses = module.items.iter().filter_map(|item| match item {
                Item::Use(item) => Some(*item),
                _ => None,
            });
            uses.collect()
        });
        for item in uses {
            let origin = if at == 0 {
                item.path.span
            } else {
                origins.get(at).copied().unwrap_or_default()
            };
            let from = modules.list.get(at).map(|m| m.name.clone());
            let from = from.filter(|_| at > 0);
            let source = match loader.load(from.as_deref(), item.path.value) {
                Ok(source) => source,
                Err(why) => {
                    let message = format!("cannot read {}: {why}", quoted(item.path.value));
                    modules
                        .problems
                        .push(Diagnostic::error(why.code, origin, message));
                    continue;
                }
            };
            let target = match by_name.get(&source.name) {
                Some(&target) => target,
                None if modules.list.len() > MAX_FILES => {
                    let message = format!("more than {MAX_FILES} files are imported");
                    modules
                        .problems
                        .push(Diagnostic::error(codes::IMPORT_ERROR, origin, message));
                    return modules;
                }
                None => {
                    let text: &'a str = arena.alloc_str(&source.text);
                    let file = parse_file(text, arena);
                    if let Some(first) = file.problems.first() {
                        let message = format!("{} has errors", quoted(&source.name));
                        let own = related(&source.name, text, first.span, first.message.clone());
                        let mut problem = Diagnostic::error(codes::IMPORT_ERROR, origin, message);
                        problem.related.push(own);
                        modules.problems.push(problem);
                    }
                    by_name.insert(source.name.clone(), modules.list.len());
                    modules.list.push(module(source.name, text, file.items));
                    origins.push(origin);
                    edges.push(Vec::new());
                    modules.list.len() - 1
                }
            };
            if let Some(edges) = edges.get_mut(at) {
                edges.push((target, origin));
            }
            import(&mut modules, at, target, item, origin);
        }
        at += 1;
    }
    cycle(&mut modules, &edges);
    duplicates(&mut modules);
    modules
}

/// A place in an imported file.
pub(crate) fn related(name: &str, text: &str, span: Span, message: String) -> Related {
    Related {
        span,
        message,
        path: None,
        place: Some(Box::new(Source::new(name, text).place(span))),
    }
}

fn module<'a>(name: String, text: &'a str, items: Vec<Item<'a>>) -> Module<'a> {
    let mut module = Module {
        name,
        text,
        items,
        lets: HashMap::new(),
        templates: HashMap::new(),
        imports: HashMap::new(),
    };
    for item in &module.items {
        match item {
            Item::Let(item) => {
                module.lets.entry(item.name.value).or_insert(*item);
            }
            Item::Template(item) => {
                module.templates.entry(item.name.value).or_insert(*item);
            }
            _ => {}
        }
    }
    module
}

fn import<'a>(modules: &mut Modules<'a>, at: usize, target: usize, item: Use<'a>, origin: Span) {
    for name in item.names {
        let Some(other) = modules.list.get(target) else {
            return;
        };
        if !other.lets.contains_key(name.value) && !other.templates.contains_key(name.value) {
            let place = if at == 0 { name.span } else { origin };
            let message = format!(
                "{} does not define {}",
                quoted(item.path.value),
                quoted(name.value)
            );
            let names = other.lets.keys().chain(other.templates.keys()).copied();
            let help = did_you_mean(name.value, names)
                .unwrap_or_else(|| "only `let` and `template` can be imported".into());
            let diagnostic = Diagnostic::error(codes::UNKNOWN_NAME, place, message).with_help(help);
            if modules.problems.len() <= MAX_PROBLEMS {
                modules.problems.push(diagnostic);
            }
        }
        if let Some(module) = modules.list.get_mut(at) {
            module.imports.insert(name.value, target);
        }
    }
}

/// Reports one circle of imports, if there is any.
fn cycle(modules: &mut Modules<'_>, edges: &[Vec<(usize, Span)>]) {
    // The way from the root to here: each module and how many of its imports were followed.
    let mut way: Vec<(usize, usize)> = vec![(0, 0)];
    let mut done = vec![false; modules.list.len()];
    let name = |at: usize| match modules.list.get(at) {
        Some(module) if at > 0 => quoted(&module.name),
        _ => "this file".into(),
    };
    while let Some((at, next)) = way.last_mut() {
        let at = *at;
        let Some(&(target, place)) = edges.get(at).and_then(|edges| edges.get(*next)) else {
            if let Some(done) = done.get_mut(at) {
                *done = true;
            }
            way.pop();
            continue;
        };
        *next += 1;
        if let Some(start) = way.iter().position(|(module, _)| *module == target) {
            let mut names: Vec<String> = way.iter().skip(start).map(|(at, _)| name(*at)).collect();
            names.push(name(target));
            let message = format!("files import each other: {}", names.join(" imports "));
            modules
                .problems
                .push(Diagnostic::error(codes::IMPORT_ERROR, place, message));
            return;
        }
        if !done.get(target).copied().unwrap_or(true) {
            way.push((target, 0));
        }
    }
}

/// Reports names of the root file that are defined twice.
fn duplicates(modules: &mut Modules<'_>) {
    let Some(root) = modules.list.first() else {
        return;
    };
    let mut seen: HashMap<(bool, &str), Span> = HashMap::new();
    let mut problems = Vec::new();
    let mut define = |is_policy: bool, what: &str, name: &Text<'_>, value| {
        if let Some(first) = seen.get(&(is_policy, value)) {
            if problems.len() > MAX_PROBLEMS {
                return;
            }
            let message = format!("{what}{} is defined twice", quoted(name.value));
            problems.push(
                Diagnostic::error(codes::DUPLICATE_NAME, name.span, message)
                    .with_related(*first, "first defined here"),
            );
        } else {
            seen.insert((is_policy, value), name.span);
        }
    };
    for item in &root.items {
        match item {
            Item::Policy(policy) => define(true, "policy ", &policy.name, policy.name.value),
            Item::Let(item) => define(false, "", &item.name, item.name.value),
            Item::Template(item) => define(false, "", &item.name, item.name.value),
            Item::Use(item) => {
                for name in item.names {
                    define(false, "", name, name.value);
                }
            }
            Item::Test(_) | Item::Bad => {}
        }
    }
    modules.problems.append(&mut problems);
}
