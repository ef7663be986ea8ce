//! What a document allows by itself.

use bumpalo::Bump;
use portcullis_compile::{Options as CompileOptions, compile};
use portcullis_image::Image;
use portcullis_model::{PolicyKind, Request};
use portcullis_syntax::ast::Document;
use portcullis_syntax::{Policy, PolicySets};
use portcullis_vm::{Plan, Query, Scratch, decide};

use super::TightenError;
use crate::prove::read;

/// A document that is the only one that could keep a request from being allowed.
pub(super) struct Alone {
    image: Image<Vec<u8>>,
    plan: Plan,
}

/// The accounts of the callers, each once.
pub(super) fn accounts(requests: &[Request<'_>]) -> Vec<String> {
    let accounts = requests
        .iter()
        .filter_map(|own| own.principal.caller.account());
    let mut accounts: Vec<String> = accounts.map(str::to_owned).collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

impl Alone {
    /// The document as that of the caller. The resource's policy, wherever the resource is, leaves the callers of these accounts
    /// to their own policies, and a session policy does not limit, as when the prover's findings are confirmed.
    pub(super) fn of(document: &Document<'_>, accounts: &[String]) -> Result<Alone, TightenError> {
        let arena = Bump::new();
        let failed = |error: &dyn core::fmt::Display| TightenError::Compile(error.to_string());
        let one = |text: &str, kind| {
            let text: &str = arena.alloc_str(text);
            read("", text, kind, &arena)
                .map_err(|_| failed(&"a policy that delegates cannot be read"))
        };
        let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
        let names: Vec<String> = accounts.iter().map(|own| format!("\"{own}\"")).collect();
        let delegation = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": [{}]}}, "Action": "*", "Resource": "*"}}}}"#,
            names.join(", ")
        );
        let resource = match accounts {
            [] => None,
            _ => Some(vec![one(&delegation, PolicyKind::Resource)?]),
        };
        let policy = Policy {
            name: "",
            file: "",
            text: "",
            document: *document,
        };
        let sets = PolicySets {
            identity: vec![policy],
            resource,
            session: Some(vec![one(everything, PolicyKind::Session)?]),
            ..PolicySets::default()
        };
        let options = CompileOptions {
            debug: false,
            index: true,
        };
        let bytes = compile(&sets, options).map_err(|error| failed(&error))?;
        let image = Image::from_bytes(bytes).map_err(|error| failed(&error))?;
        let plan = Plan::of(core::iter::once(image.view()));
        Ok(Alone { image, plan })
    }

    pub(super) fn allows(&self, request: &Request<'_>) -> bool {
        let views = core::iter::once(self.image.view());
        decide(
            views,
            &self.plan,
            &mut Scratch::new(),
            &Query::from(request),
        )
        .is_allow()
    }
}
