//! Conditions: their shape, and what combinations of them say.

use super::{Context, keys, nulls, values, variables};
use crate::finding::{Findings, Step};
use crate::rules;
use crate::target::{PolicyType, ResourceType};
use crate::view::{Condition, Entry, Statement};
use portcullis_model::{Base, Effect, Family, Operator, OperatorError, Quantifier};
use portcullis_source::hash::Map;
use portcullis_source::json::{Member, Node, Value};
use portcullis_syntax::ast::Text;
use portcullis_syntax::glob::has_wildcard;

pub(super) fn check<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    if let Some(member) = statement.member("Condition") {
        shape(statement, member, out);
    }
    for condition in &statement.conditions {
        keys::check(cx, statement, condition, out);
        values::check(cx, statement, condition, out);
        nulls::check(cx, statement, condition, out);
        for value in &condition.values {
            expansion(cx, statement, condition, value, out);
        }
        alone(cx, statement, condition, out);
    }
    together(cx, statement, out);
}

/// `AA-103`, `AA-110`, `AA-113`, `AA-131`, `AA-300`, `AA-303`.
fn shape<'d>(statement: &Statement<'d>, member: &'d Member<'d>, out: &mut Findings<'d>) {
    let Some(operators) = member.value.as_object() else {
        return;
    };
    if operators.is_empty() {
        let details =
            "The condition is empty and sets no condition. Write one, or remove the element.";
        out.add(
            &rules::EMPTY_OBJECT_CONDITION,
            details,
            [statement.value(member)],
        );
    }
    let element = Step::Value("Condition");
    same_names(operators, out, |name| statement.operator(name));
    for operator in operators {
        let name = operator.key;
        let place = || statement.at(&[element, Step::Value(name.value)], operator.value.span);
        match Operator::parse(name.value) {
            Err(OperatorError::Unknown) => {
                let details = format!("The condition operator {} does not exist.", name.value);
                out.add(
                    &rules::INVALID_CONDITION_OPERATOR,
                    details,
                    [statement.operator(name)],
                );
            }
            Err(OperatorError::NullIfExists) => {
                let details = "The condition operator Null cannot stand with IfExists. Use Null.";
                out.add(
                    &rules::NULL_WITH_IF_EXISTS,
                    details,
                    [statement.operator(name)],
                );
            }
            Ok(own) if own.base == Base::Null && own.quantifier != Quantifier::One => {
                let details = "The condition operator Null asks for the presence of a key. Remove the qualifier.";
                out.add(
                    &rules::NULL_WITH_QUALIFIER,
                    details,
                    [statement.operator(name)],
                );
            }
            Ok(_) => {}
        }
        let Some(keys) = operator.value.as_object() else {
            let details = format!(
                "The value of the operator {} must be an object, and this is {}.",
                name.value,
                operator.value.value.describe()
            );
            out.add(&rules::DATA_TYPE_MISMATCH, details, [place()]);
            continue;
        };
        if keys.is_empty() {
            let details = format!(
                "The operator {} has no keys and sets no condition. Write one, or remove it.",
                name.value
            );
            out.add(&rules::EMPTY_OBJECT_CONDITION, details, [place()]);
        }
        same_names(keys, out, |key| {
            statement.at(
                &[element, Step::Value(name.value), Step::Key(key.value)],
                key.span,
            )
        });
        for key in keys {
            types(statement, name, key, out);
        }
    }
}

/// `AA-103`.
fn same_names<'d>(
    members: &'d [Member<'d>],
    out: &mut Findings<'d>,
    place: impl Fn(Text<'d>) -> crate::finding::Location<'d>,
) {
    if members.len() < 2 {
        return;
    }
    let mut seen: Map<String, Text<'d>> = Map::default();
    for member in members {
        match seen.insert(member.key.value.to_lowercase(), member.key) {
            Some(first) if first != member.key => {
                let details = format!(
                    "{} and {} are the same but for letter case, which does not matter here.",
                    first.value, member.key.value
                );
                out.add(
                    &rules::DUPLICATE_KEYS_WITH_DIFFERENT_CASE,
                    details,
                    [place(first), place(member.key)],
                );
            }
            _ => {}
        }
    }
}

/// `AA-110`.
fn types<'d>(
    statement: &Statement<'d>,
    operator: Text<'d>,
    key: &'d Member<'d>,
    out: &mut Findings<'d>,
) {
    let is_odd =
        |node: &Node<'_>| matches!(node.value, Value::Null | Value::Object(_) | Value::Array(_));
    let (nodes, is_list) = match key.value.value {
        Value::Array(nodes) => (nodes, true),
        _ => (core::slice::from_ref(&key.value), false),
    };
    for (index, node) in nodes.iter().enumerate().filter(|(_, node)| is_odd(node)) {
        let steps = [
            Step::Value("Condition"),
            Step::Value(operator.value),
            Step::Value(key.key.value),
        ];
        let mut place = statement.at(&steps, node.span);
        place.path.extend(is_list.then_some(Step::Index(index)));
        let details = format!(
            "A condition value must be a string, a number or a boolean, and this is {}.",
            node.value.describe()
        );
        out.add(&rules::INVALID_CONDITION_DATA_TYPE, details, [place]);
    }
}

/// Variables in values (`AA-124`, `AA-142`). `Bool` is left alone: AWS's pages disagree on it (`VAR-4`).
fn expansion<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    value: &Entry<'d>,
    out: &mut Findings<'d>,
) {
    let Ok(operator) = condition.operator else {
        return;
    };
    let text = value.text.value;
    let here = || statement.condition_value(condition, value);
    if operator.base.family() == Family::Bool {
        return;
    }
    if operator.base.expands_variables() {
        variables::check(cx, text, here, out);
    } else if variables::unsupported(cx, text) {
        let details = format!(
            "Policy variables are not expanded under {}. Use an operator for strings or ARNs.",
            condition.name.value
        );
        out.add(&rules::INVALID_VARIABLE_FOR_OPERATOR, details, [here()]);
    }
}

/// What one condition says in a statement (`AA-149`, `AA-211`, `AA-220`, `AA-261`, `AA-309`).
fn alone<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    out: &mut Findings<'d>,
) {
    let (Ok(operator), Some(effect)) = (condition.operator, statement.effect) else {
        return;
    };
    let key = condition.key.value;
    let here = || [statement.condition_key(condition)];
    if effect == Effect::Allow
        && condition.is_limit()
        && ["aws:UserAgent", "aws:Referer"]
            .iter()
            .any(|own| condition.is_of(own))
    {
        let is_for_service = statement.principals.iter().any(|one| one.is("Service"));
        if !is_for_service {
            let details = format!(
                "The condition key {key} is set by the client, which can send any value. Test something else."
            );
            out.add(&rules::UNTRUSTWORTHY_CONDITION_KEY, details, here());
        }
    }
    let is_text = matches!(
        operator.base.family(),
        Family::StringEquals | Family::StringEqualsIgnoreCase | Family::StringLike
    );
    let is_negative = operator.base.is_negated() == (effect == Effect::Allow);
    if condition.is_of("s3:prefix") && is_text && is_negative {
        let details = "The condition key s3:prefix leaves out what should be listed: a request with a shorter prefix lists it. Use Allow with StringLike, or Deny with StringNotLike.";
        out.add(&rules::S3_PREFIX_IN_NEGATIVE_CONTEXT, details, here());
    }
    let is_of_endpoint = ["aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths"]
        .iter()
        .any(|own| condition.is_of(own));
    let is_wide = statement.not_action.is_some()
        || statement
            .action
            .iter()
            .flat_map(|own| &own.entries)
            .any(|entry| {
                let prefix = entry.text.value.split(':').next().unwrap_or_default();
                has_wildcard(prefix)
            });
    if is_of_endpoint && operator.base != Base::Null && is_wide {
        let details = format!(
            "Some services only have the condition key {key}. Name actions of those services."
        );
        out.add(
            &rules::USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES,
            details,
            here(),
        );
    }
    let is_of_s3 = matches!(
        cx.target.resource,
        Some(ResourceType::Bucket | ResourceType::AccessPoint)
    );
    if is_of_s3 && condition.is_of("s3:ResourceAccount") {
        let details = format!(
            "The condition key {key} says nothing in the policy of the resource itself. Remove it."
        );
        out.add(&rules::IRRELEVANT_CONDITION_KEY_IN_POLICY, details, here());
    }
    unsupported(statement, condition, operator, out);
}

/// Keys of the resource's owner, and actions whose requests do not have them (`KEY-54`). That references list a key of a
/// service for other actions only says nothing: real results do not go by it.
const OF_OWNER: [&str; 3] = [
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
];
const WITHOUT_OWNER: [&str; 25] = [
    "auditmanager:UpdateAssessmentFrameworkShare",
    "detective:AcceptInvitation",
    "ds:AcceptSharedDirectory",
    "ec2:AcceptTransitGatewayPeeringAttachment",
    "ec2:AcceptVpcEndpointConnections",
    "ec2:AcceptVpcPeeringConnection",
    "ec2:CopyImage",
    "ec2:CopySnapshot",
    "ec2:CreateTransitGatewayPeeringAttachment",
    "ec2:CreateVpcEndpoint",
    "ec2:CreateVpcPeeringConnection",
    "ec2:DeleteTransitGatewayPeeringAttachment",
    "ec2:DeleteVpcPeeringConnection",
    "ec2:RejectTransitGatewayPeeringAttachment",
    "ec2:RejectVpcEndpointConnections",
    "ec2:RejectVpcPeeringConnection",
    "es:AcceptInboundConnection",
    "events:PutEvents",
    "guardduty:AcceptAdministratorInvitation",
    "macie2:AcceptInvitation",
    "route53:AssociateVpcWithHostedZone",
    "route53:CreateVPCAssociationAuthorization",
    "route53:DeleteVPCAssociationAuthorization",
    "route53:DisassociateVPCFromHostedZone",
    "securityhub:AcceptAdministratorInvitation",
];

/// `AA-149`: the actions, then the values. Entries with wildcards are not looked at.
fn unsupported<'d>(
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    operator: Operator,
    out: &mut Findings<'d>,
) {
    // With `IfExists` the condition allows them, and real results have nothing.
    let is_tested = operator.base != Base::Null
        && !operator.if_exists
        && OF_OWNER.iter().any(|own| condition.is_of(own));
    let (Some(element), true) = (&statement.action, is_tested) else {
        return;
    };
    let is_without = |entry: &&Entry<'d>| {
        let text = entry.text.value;
        let is_of_ebs = text
            .get(..4)
            .is_some_and(|prefix| prefix.eq_ignore_ascii_case("ebs:"));
        !has_wildcard(text)
            && (is_of_ebs
                || WITHOUT_OWNER
                    .iter()
                    .any(|own| own.eq_ignore_ascii_case(text)))
    };
    let actions: Vec<_> = element.entries.iter().filter(is_without).collect();
    if !actions.is_empty() {
        let details = format!(
            "The condition key {} is in no request for these actions. Move them to a statement without it.",
            condition.key.value
        );
        let mut places: Vec<_> = actions
            .iter()
            .map(|entry| statement.entry(element, entry))
            .collect();
        places.push(statement.condition_values(condition));
        out.add(
            &rules::UNSUPPORTED_ACTION_FOR_CONDITION_KEY,
            details,
            places,
        );
    }
}

/// What is said only by conditions together (`AA-203`, `AA-209`, `AA-260`).
fn together<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    let find = |keys: &[&str]| {
        statement
            .conditions
            .iter()
            .find(|one| keys.iter().any(|key| one.is_of(key)))
    };
    if let (Some(found), None) = (
        find(&["aws:VpcSourceIp"]),
        find(&["aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce"]),
    ) {
        let details = format!(
            "The condition key {} says nothing without the network. Test aws:SourceVpc as well.",
            found.key.value
        );
        out.add(
            &rules::MISSING_PAIRED_CONDITION_KEYS,
            details,
            [statement.condition_key(found)],
        );
    }
    if let (true, Some(found), None) = (
        statement.is_allow(),
        find(&["dynamodb:Attributes"]),
        find(&["dynamodb:Select"]),
    ) {
        let details = format!(
            "The condition key {} does not keep a request from asking for all attributes. Test dynamodb:Select as well.",
            found.key.value
        );
        out.add(
            &rules::DYNAMODB_ATTRIBUTES_WITHOUT_SELECT,
            details,
            [statement.condition_key(found)],
        );
    }
    if cx.is(PolicyType::ResourceControl) && statement.effect == Some(Effect::Deny) {
        perimeter(statement, out);
    }
}

/// The data perimeter of resource control policies (`AA-260`): whose calls are denied, and whose are not meant.
fn perimeter<'d>(statement: &Statement<'d>, out: &mut Findings<'d>) {
    let is_negated = |one: &&Condition<'d>| one.operator.is_ok_and(|own| own.base.is_negated());
    let of = |keys: &[&str]| {
        statement
            .conditions
            .iter()
            .filter(is_negated)
            .find(|one| keys.iter().any(|key| one.is_of(key)))
    };
    let tests = |key: &str| statement.conditions.iter().find(|one| one.is_of(key));
    if let (Some(found), None) = (
        of(&[
            "aws:PrincipalOrgID",
            "aws:PrincipalOrgPaths",
            "aws:PrincipalAccount",
        ]),
        tests("aws:PrincipalIsAWSService"),
    ) {
        let details = format!(
            "Services of AWS do not have the condition key {} and are denied. Test aws:PrincipalIsAWSService as well.",
            found.key.value
        );
        out.add(
            &rules::RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY,
            details,
            [statement.condition_key(found)],
        );
    }
    let Some(found) = of(&["aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceAccount"]) else {
        return;
    };
    if tests("aws:PrincipalIsAWSService").is_none() {
        let details = format!(
            "Callers that are no services do not have the condition key {} and are denied. Test aws:PrincipalIsAWSService as well.",
            found.key.value
        );
        out.add(
            &rules::RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY,
            details,
            [statement.condition_key(found)],
        );
    }
    let is_null = |one: &&Condition<'d>| one.operator.is_ok_and(|own| own.base == Base::Null);
    let mut checks = statement.conditions.iter().filter(is_null);
    let is_checked = checks.any(|one| {
        ["aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID"]
            .iter()
            .any(|key| one.is_of(key))
    });
    if !is_checked {
        let details = format!(
            "Services that call without a source do not have the condition key {} and are denied. Test by Null that aws:SourceAccount is there.",
            found.key.value
        );
        out.add(
            &rules::RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK,
            details,
            [statement.condition_key(found)],
        );
    }
}
