//! A request as a host has it: texts, or what was resolved beforehand for a stack of images.

pub(crate) mod action;
pub(crate) mod context;
pub(crate) mod derived;
pub(crate) mod key;
pub(crate) mod principal;
pub(crate) mod query;
pub(crate) mod resource;
pub(crate) mod site;
pub(crate) mod value;
