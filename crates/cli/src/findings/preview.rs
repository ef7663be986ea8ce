//! A policy that is proposed for a resource, decided by the machine although it is in no directory.

use portcullis::Scratch;
use portcullis_findings::Machine;
use portcullis_model::Request;
use portcullis_syntax::{Policy, PolicySets};

use crate::engine::{Engine, Policies, answer, image};

/// The machine, for policies that are in no directory.
pub(super) struct Preview;

impl Machine for Preview {
    fn allows(&self, sets: &PolicySets<'_>, request: &Request<'_>) -> Result<bool, String> {
        let policies = Policies::new(Engine::Vm, sets, false)?;
        let answer = answer(Engine::Vm, &policies, request, &[], &mut Scratch::new())?;
        Ok(answer.decision.is_allow())
    }

    fn is_public(&self, policy: &Policy<'_>) -> Result<bool, String> {
        let sets = PolicySets {
            resource: Some(vec![*policy]),
            ..PolicySets::default()
        };
        Ok(image(&sets, false)?.view().is_public())
    }
}
