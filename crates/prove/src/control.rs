//! Whether anybody of the account that owns a resource can do something to it, whoever that is: one question of the layers
//! that are given, of all callers of the account.

use portcullis_model::is_account_id;
use portcullis_syntax::PolicySets;

use crate::algebra::{Algebra, Part};
use crate::case::{partitions, texts};
use crate::cover::Unheard;
use crate::decision::{Given, decision};
use crate::domain::{Case, Home, Kind, arns_of_account};
use crate::formula::Formulas;
use crate::key::Test;
use crate::language::Language;
use crate::pattern::{arn_glob, text};
use crate::question::{Answer, Asked, Options, spelled};

/// What somebody of an account may do.
#[derive(Clone, Copy, Debug)]
pub struct Control<'c> {
    /// The account of callers and resource; none for any, which asks more.
    pub account: Option<&'c str>,
    /// The actions.
    pub actions: &'c [&'c str],
    /// The resource: an ARN, of which wildcards stand for what has no colon in it, but for those of its last part.
    pub resource: &'c str,
    /// Whether the root user of the account counts.
    pub root: bool,
}

/// The kinds of caller that an account has.
const OWN: [Kind; 4] = [Kind::User, Kind::Role, Kind::FederatedUser, Kind::Root];

/// Whether nobody of the owner's account can do any of some actions. Proved: nobody can. Of a refuted answer the request is
/// one that the prover found and the machine did not see.
pub fn out_of_control(sets: &PolicySets<'_>, control: &Control<'_>, options: &Options) -> Answer {
    let options = Options {
        findings: 1,
        ..*options
    };
    let mut unheard = Unheard;
    let mut asked = Asked::new(&options, &mut unheard);
    let policies = || sets.resource.iter().flatten();
    let texts = texts(policies());
    let account = control.account.filter(|own| is_account_id(own));
    let given = Given {
        is_owner: true,
        ..Given::default()
    };
    for partition in partitions(&texts) {
        for kind in OWN
            .into_iter()
            .filter(|kind| control.root || *kind != Kind::Root)
        {
            let case = Case {
                home: Home::Any,
                partition: Some(partition.clone()),
                has_owner: true,
                owner: account.map(str::to_owned),
                ..Case::of(options.domain, kind)
            };
            let mut formulas = Formulas::new();
            let mut all = vec![decision(sets, &case, given, &mut formulas)];
            let actions = control.actions.iter();
            let actions: Language = actions.map(|own| text(&own.to_ascii_lowercase())).collect();
            all.push(formulas.test(Part::Action, Test::texts(actions)));
            let resource = Test::texts(Language::from_iter([arn_glob(control.resource)]));
            all.push(formulas.test(Part::Resource, resource));
            if let Some(account) = account {
                let callers = arns_of_account(Some(&partition), text(account));
                let callers = Test::texts(Language::from_iter([callers]));
                all.push(formulas.test(Part::Caller, callers));
            }
            let root = formulas.and(all);
            let spelling = |name: &str| spelled(policies(), name);
            asked.ask(&mut formulas, &case, root, &[], &spelling);
            if asked.is_done() {
                return asked.answer();
            }
        }
    }
    asked.answer()
}
