//! From the statements of a resource to as few findings as tell everything.

use portcullis_model::{Effect, Quantifier, split_arn};
use portcullis_prove::{Held, Selection, Witness};
use portcullis_syntax::Policy;
use portcullis_syntax::ast::{Condition, Document};

use super::ask::{Also, Answer};
use super::principal::{Named, named_by};
use super::surface::{Allowing, Surface};
use super::{Finding, Implied, Source};
use crate::class::lower;

/// Keys by which Access Analyzer takes access to be restricted (`AA-454`), in lower case.
const UNDERSTOOD: [&str; 20] = [
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourcevpcarn",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:userid",
    "aws:sourceaccount",
    "aws:sourcearn",
    "kms:calleraccount",
    "cognito-identity.amazonaws.com:aud",
    "graph.facebook.com:app_id",
    "accounts.google.com:aud",
    "www.amazon.com:app_id",
    "appleid.apple.com:aud",
];

/// What is found of one principal, by statements that have the same conditions.
struct Row<'s, 'd> {
    named: Named,
    allows: Vec<&'s Allowing<'d>>,
    condition: Vec<Implied>,
    request: Option<Witness>,
    reasons: Vec<String>,
}

/// The findings of a resource.
pub(super) fn summarize(surface: &Surface<'_>) -> Vec<Finding> {
    let mut rows: Vec<Row<'_, '_>> = Vec::new();
    for allowing in &surface.allows {
        let principals = allowing.statement.principal.as_ref();
        for named in principals.map(named_by).unwrap_or_default() {
            if !named.is_inside(&surface.zone) {
                surface.add(named, allowing, &mut rows);
            }
        }
    }
    surface.leave_out(&mut rows);
    let mut found: Vec<Finding> = rows.into_iter().map(|row| surface.finding(row)).collect();
    if !surface.unread.is_empty() {
        found.push(Finding {
            resource: surface.name.clone(),
            owner: Some(surface.owner.clone()),
            principal: Named::everyone(),
            is_public: None,
            actions: Vec::new(),
            condition: Vec::new(),
            restriction: surface.restriction,
            sources: Vec::new(),
            request: None,
            reasons: surface.unread.clone(),
        });
    }
    found
}

impl<'d> Surface<'d> {
    /// Adds what a statement says to whom an entry names.
    fn add<'s>(&self, named: Named, allowing: &'s Allowing<'d>, rows: &mut Vec<Row<'s, 'd>>) {
        let (request, reasons) = match self.ask(&named, allowing, &Also::default()) {
            Answer::Never => return,
            // A unique id may be that of somebody inside (`GRAM-40`).
            found if named.is_unique_id() => {
                let arn = self.directory.principal_of_id(&named.value);
                let account = arn.as_deref().and_then(split_arn);
                let account = account.map(|[.., account, _]| account);
                match (account, found) {
                    (Some(own), _) if self.is_inside(own) => return,
                    (Some(_), Answer::In(witness)) => (Some(*witness), Vec::new()),
                    (Some(_), Answer::Unknown(reasons)) => (None, reasons),
                    _ => {
                        let text = format!("it is not known who {} is", named.value);
                        (None, vec![text])
                    }
                }
            }
            Answer::In(witness) => (Some(*witness), Vec::new()),
            Answer::Unknown(reasons) => (None, reasons),
        };
        let condition = self.implied(&named, allowing);
        let same = rows
            .iter_mut()
            .find(|own| own.named == named && own.condition == condition);
        match same {
            Some(row) => {
                row.allows.push(allowing);
                row.request = row.request.take().or(request);
                row.reasons.extend(reasons);
            }
            None => rows.push(Row {
                named,
                allows: vec![allowing],
                condition,
                request,
                reasons,
            }),
        }
    }

    fn is_inside(&self, account: &str) -> bool {
        let found = self.zone.binary_search_by(|own| own.as_str().cmp(account));
        found.is_ok()
    }

    /// The conditions that are implied: without them nothing is allowed.
    fn implied(&self, named: &Named, allowing: &Allowing<'d>) -> Vec<Implied> {
        let mut found: Vec<Implied> = Vec::new();
        let denies = self.against.resource.iter().flatten();
        let denies = denies.chain(self.against.rcps.iter().flatten());
        let own = std::slice::from_ref(allowing.statement).iter();
        let own = own.map(|statement| (&allowing.policy, statement));
        let denies = denies.flat_map(|policy| {
            let statements = policy.document.statements.iter();
            statements.map(move |statement| (policy, statement))
        });
        for (policy, statement) in own.chain(denies) {
            let is_allow = statement.effect == Effect::Allow;
            for condition in statement.conditions {
                let key = lower(condition.key.value);
                let is_understood = UNDERSTOOD.contains(&key.as_str())
                    || key.ends_with(":aud") && key != "saml:aud";
                let implied = match is_allow {
                    true => Some(as_written(condition)),
                    false => contrary(condition),
                };
                let Some(implied) = implied.filter(|_| is_understood) else {
                    continue;
                };
                if found.contains(&implied) {
                    continue;
                }
                let document: &'d Document<'d> = self.arena.alloc(policy.document);
                let held = [Held {
                    document,
                    condition,
                    // The contrary of what is implied.
                    holds: !is_allow,
                }];
                let also = Also {
                    held: &held,
                    ..Also::default()
                };
                if matches!(self.ask(named, allowing, &also), Answer::Never) {
                    found.push(implied);
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// Leaves out rows all of whose requests others have too: those that name the least first.
    fn leave_out(&self, rows: &mut Vec<Row<'_, 'd>>) {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let breadth = |at: &usize| {
            let row = rows.get(*at);
            row.map(|own| (own.named.breadth(), usize::MAX - own.condition.len()))
        };
        order.sort_by_key(breadth);
        let mut is_left: Vec<bool> = vec![true; rows.len()];
        for at in order {
            let Some(row) = rows.get(at).filter(|own| own.request.is_some()) else {
                continue;
            };
            let others = rows.iter().zip(&is_left).enumerate();
            let others = others.filter(|(other, (_, is_left))| *other != at && **is_left);
            let beside: Vec<Policy<'d>> = others
                .filter(|(_, (own, _))| own.reasons.is_empty())
                .flat_map(|(_, (own, _))| {
                    let allows = own.allows.iter();
                    allows.map(|allowing| self.narrow(&own.named, allowing, None))
                })
                .collect();
            let also = Also {
                beside: &beside,
                ..Also::default()
            };
            let is_covered = |allowing: &&Allowing<'d>| {
                matches!(self.ask(&row.named, allowing, &also), Answer::Never)
            };
            if !beside.is_empty() && row.allows.iter().all(is_covered) {
                if let Some(own) = is_left.get_mut(at) {
                    *own = false;
                }
            }
        }
        let mut is_left = is_left.into_iter();
        rows.retain(|_| is_left.next().unwrap_or(true));
    }

    fn finding(&self, row: Row<'_, 'd>) -> Finding {
        let mut actions: Vec<Selection> = Vec::new();
        let mut sources: Vec<Source> = Vec::new();
        let mut reasons = row.reasons;
        for allowing in &row.allows {
            let entries = allowing.statement.action;
            let list = entries.list.iter().map(|entry| entry.value);
            let mut add = |own: Selection| {
                if !actions.contains(&own) {
                    actions.push(own);
                }
            };
            if entries.negated {
                add(Selection::but(list));
            } else {
                for (at, entry) in list.enumerate() {
                    let also = Also {
                        action: Some(at),
                        ..Also::default()
                    };
                    let is_one = entries.list.len() == 1;
                    match is_one {
                        false => match self.ask(&row.named, allowing, &also) {
                            Answer::Never => {}
                            Answer::In(_) => add(Selection::of([entry])),
                            Answer::Unknown(own) => {
                                add(Selection::of([entry]));
                                reasons.extend(own);
                            }
                        },
                        true => add(Selection::of([entry])),
                    }
                }
            }
            sources.push(allowing.source);
        }
        sources.sort_unstable();
        sources.dedup();
        let is_public = match row.named.is_everyone() {
            true => self.is_public(&row.named, &row.allows),
            false => Some(false),
        };
        if is_public.is_none() {
            reasons.push("it is not known whether a stranger is let in".to_owned());
        }
        reasons.sort_unstable();
        reasons.dedup();
        Finding {
            resource: self.name.clone(),
            owner: Some(self.owner.clone()),
            principal: row.named,
            is_public,
            actions,
            condition: row.condition,
            restriction: self.restriction,
            sources,
            request: row.request,
            reasons,
        }
    }

    /// Whether a stranger is let in; none if that is not known.
    fn is_public(&self, named: &Named, allows: &[&Allowing<'d>]) -> Option<bool> {
        let also = Also {
            are_strangers: true,
            ..Also::default()
        };
        let mut is_known = true;
        for allowing in allows {
            match self.ask(named, allowing, &also) {
                Answer::In(_) => return Some(true),
                Answer::Never => {}
                Answer::Unknown(_) => is_known = false,
            }
        }
        is_known.then_some(false)
    }
}

fn as_written(condition: &Condition<'_>) -> Implied {
    Implied {
        operator: condition.operator_text.value.to_owned(),
        key: condition.key.value.to_owned(),
        values: condition
            .values
            .iter()
            .map(|own| own.value.to_owned())
            .collect(),
    }
}

/// What holds exactly where a condition of a Deny does not, if one operator can say so.
fn contrary(condition: &Condition<'_>) -> Option<Implied> {
    let operator = condition.operator;
    let own = as_written(condition);
    if operator.quantifier != Quantifier::One || !operator.base.is_negated() {
        return None;
    }
    // Negated operators hold of a key that is absent, with IfExists or without.
    let plain = own.operator.strip_suffix("IfExists");
    let plain = plain.unwrap_or(&own.operator);
    let (before, after) = plain.split_once("Not")?;
    Some(Implied {
        operator: format!("{before}{after}"),
        ..own
    })
}
