//! Which statements match a request: action, resource, principal and condition together.

use portcullis_model::{Effect, PolicyKind, Request};
use portcullis_syntax::Policy;
use portcullis_syntax::ast::{Document, Entries, Statement};

use crate::condition;
use crate::glob::{Token, glob, glob_tokens, is_star_run};
use crate::keys::{Context, partition};
use crate::principal::{LayerRules, Strength, principal_strength};
use crate::variable::{self, scan};

/// What every match looks at.
pub(crate) struct Query<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) context: Context,
    /// True if the caller has a permissions boundary (GRAM-52).
    pub(crate) has_boundary: bool,
}

impl<'a> Query<'a> {
    /// A request, and whether its caller has a permissions boundary.
    pub(crate) fn of(request: &'a Request<'a>, has_boundary: bool) -> Query<'a> {
        Query {
            request,
            context: Context::of(request),
            has_boundary,
        }
    }
}

/// A matching statement: what it does, and how strongly it names the caller.
#[derive(Clone, Copy)]
pub(crate) struct Match {
    pub(crate) effect: Effect,
    pub(crate) strength: Strength,
}

/// The matching statements of a set; order has no meaning (EVAL-3).
pub(crate) fn matches(policies: &[Policy<'_>], rules: LayerRules, query: &Query<'_>) -> Vec<Match> {
    let mut found = Vec::new();
    for policy in policies {
        for statement in policy.document.statements {
            let strength = statement_strength(&policy.document, statement, rules, query);
            if strength > Strength::None {
                let effect = statement.effect;
                found.push(Match { effect, strength });
            }
        }
    }
    found
}

/// How strongly a statement matches: not at all unless all its elements match.
fn statement_strength(
    document: &Document<'_>,
    statement: &Statement<'_>,
    rules: LayerRules,
    query: &Query<'_>,
) -> Strength {
    let principal = match &statement.principal {
        Some(principals) => principal_strength(principals, statement.effect, rules, query),
        // Table 1.4: the type has no principals; the policy is about the caller as it is.
        None => Strength::Direct,
    };
    let action = action_matches(&statement.action, query.request.action);
    let resource = match &statement.resource {
        Some(entries) => resource_matches(entries, document, query),
        None => true, // GRAM-54: this resource
    };
    let has_variables = has_variables(document);
    // COND-1.
    let condition = statement
        .conditions
        .iter()
        .all(|condition| condition::holds(condition, has_variables, &query.context));
    if action && resource && condition {
        principal
    } else {
        Strength::None
    }
}

/// VAR-2 and GRAM-4.
fn has_variables(document: &Document<'_>) -> bool {
    document
        .version
        .is_some_and(|version| version.value == "2012-10-17")
}

/// The prefix of an action and its name: the text before and after the first colon (MATCH-12).
pub(crate) fn split_action(action: &str) -> (&str, &str) {
    action.split_once(':').unwrap_or((action, ""))
}

/// MATCH-10 to MATCH-13.
fn action_matches(entries: &Entries<'_>, action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let (prefix, name) = split_action(&action);
    let listed = entries.list.iter().any(|entry| {
        let entry = entry.value.to_ascii_lowercase();
        let pair = entry.split_once(':');
        is_star_run(&entry)
            || pair.is_some_and(|pattern| glob(pattern.0, prefix) && glob(pattern.1, name))
    });
    listed != entries.negated
}

/// MATCH-37: the list of all buckets is asked of all buckets of the caller's partition.
fn asked_resource(request: &Request<'_>) -> String {
    let lists_buckets = request.action.eq_ignore_ascii_case("s3:ListAllMyBuckets");
    match (request.resource, lists_buckets) {
        ("*", true) => {
            let partition = partition(&request.principal.caller).unwrap_or("aws");
            format!("arn:{partition}:s3:::*")
        }
        (resource, _) => resource.to_owned(),
    }
}

/// MATCH-22 and MATCH-32.
fn resource_matches(entries: &Entries<'_>, document: &Document<'_>, query: &Query<'_>) -> bool {
    let resource = asked_resource(query.request);
    let listed = entries.list.iter().any(|entry| {
        // VAR-10: an entry that cannot be expanded matches nothing; the others stand.
        resource_pattern(entry.value, document, &query.context)
            .is_some_and(|pattern| glob_tokens(&pattern, &resource))
    });
    listed != entries.negated
}

/// The pattern of one resource entry; none if a variable in it cannot be resolved.
fn resource_pattern(entry: &str, document: &Document<'_>, context: &Context) -> Option<Vec<Token>> {
    let pieces = scan(entry, has_variables(document));
    let parts = variable::arn_parts(&pieces);
    let mut pattern = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            pattern.push(Token::Char(':'));
        }
        // VAR-3: variables stand only after the fifth colon.
        match index {
            5 => pattern.extend(variable::as_pattern(part, context)?),
            _ => pattern.extend(variable::as_written(part)),
        }
    }
    let completes = matches!(
        document.kind,
        PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Scp
    );
    // MATCH-23 and MATCH-25. `*` is no ARN that would lack parts.
    if completes && !is_star_run(entry) {
        for _ in parts.len()..6 {
            pattern.extend([Token::Char(':'), Token::Run]);
        }
    }
    Some(pattern)
}
