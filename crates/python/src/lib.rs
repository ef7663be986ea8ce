//! The Python package of portcullis, below the names that `python/portcullis/__init__.py` gives.
//!
//! Nothing is decided, read as a policy or proved here: texts and numbers of Python become those of the facade, and its
//! answers become objects. Whatever Python gives, a method returns or raises; where the facade answers garbage with an implicit
//! deny, so does this.
//!
//! Texts are read where they lie while the interpreter's lock is held, and no Python code runs between reading and deciding.
//! What is decided without the lock ([`columns`]) owns its texts.

mod authorizer;
mod check;
mod columns;
mod convert;
mod directory;
mod errors;
mod explanation;
mod handles;
mod policies;
mod principal;
mod prove;
mod records;

use pyo3::prelude::*;

/// The native part of `portcullis`.
#[pymodule]
fn _portcullis(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<handles::Action>()?;
    module.add_class::<authorizer::Authorizer>()?;
    module.add_class::<policies::Bucket>()?;
    module.add_class::<directory::Directory>()?;
    module.add_class::<explanation::Explanation>()?;
    module.add_class::<handles::Key>()?;
    module.add_class::<policies::Policies>()?;
    module.add_class::<principal::Principal>()?;
    module.add_class::<handles::Query>()?;
    module.add_class::<handles::Resource>()?;
    module.add_class::<columns::Strings>()?;
    module.add_function(wrap_pyfunction!(check::check, module)?)?;
    module.add_function(wrap_pyfunction!(prove::prove_never, module)?)?;
    module.add_function(wrap_pyfunction!(prove::prove_no_new_access, module)?)?;
    module.add_function(wrap_pyfunction!(prove::prove_not_granted, module)?)?;
    module.add_function(wrap_pyfunction!(prove::prove_not_public, module)?)?;
    Ok(())
}
