//! The worked examples of the rules, each named by its rule or example id.

mod build;
mod conditions;
mod edges;
mod evaluation;
mod matching;
mod organizations;
mod presence;
mod principals;
mod public;
mod tricky;
mod values;
mod variables;
