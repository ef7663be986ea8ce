//! Small constructors for documents and requests. What they build lives as long as the tests.
#![expect(clippy::unwrap_used, reason = "the texts are those of the tests")]

use portcullis_model::{
    Caller, ContextEntry, Decision, Effect, Layer, Operator, PolicyKind, Principal, Request,
};
use portcullis_reference::{Outcome, decide};
use portcullis_syntax::ast::{
    Condition, Document, Entries, PrincipalEntry, PrincipalKind, Principals, Span, Statement, Text,
};
use portcullis_syntax::{Policy, PolicySets};

pub(crate) type Str = &'static str;

pub(crate) const A: Str = "111122223333";
pub(crate) const B: Str = "444455556666";
pub(crate) const ROOT_A: Str = "arn:aws:iam::111122223333:root";
pub(crate) const ANN: Str = "arn:aws:iam::111122223333:user/team/ann";
pub(crate) const ROLE: Str = "arn:aws:iam::111122223333:role/app/R";
pub(crate) const SESSION: Str = "arn:aws:sts::111122223333:assumed-role/R/s";
pub(crate) const FED: Str = "arn:aws:sts::111122223333:federated-user/Fay";

pub(crate) fn text(value: Str) -> Text<'static> {
    let span = Span::default();
    Text { value, span }
}

fn keep<T>(values: impl IntoIterator<Item = T>) -> &'static [T] {
    values.into_iter().collect::<Vec<T>>().leak()
}

/// A statement in the making.
#[derive(Clone, Copy)]
pub(crate) struct Stm(Statement<'static>);

fn entries(negated: bool, list: &[Str]) -> Entries<'static> {
    Entries {
        negated,
        list: keep(list.iter().map(|value| text(value))),
        span: Span::default(),
    }
}

fn statement(effect: Effect, action: Entries<'static>) -> Stm {
    Stm(Statement {
        sid: None,
        effect,
        principal: None,
        action,
        resource: Some(entries(false, &["*"])),
        conditions: &[],
        span: Span::default(),
    })
}

pub(crate) fn allow(action: Str) -> Stm {
    statement(Effect::Allow, entries(false, &[action]))
}

pub(crate) fn deny(action: Str) -> Stm {
    statement(Effect::Deny, entries(false, &[action]))
}

pub(crate) fn everyone() -> (PrincipalKind, Str) {
    (PrincipalKind::Everyone, "*")
}

pub(crate) fn aws(value: Str) -> (PrincipalKind, Str) {
    (PrincipalKind::Aws, value)
}

pub(crate) fn service(value: Str) -> (PrincipalKind, Str) {
    (PrincipalKind::Service, value)
}

pub(crate) fn federated(value: Str) -> (PrincipalKind, Str) {
    (PrincipalKind::Federated, value)
}

pub(crate) fn canonical(value: Str) -> (PrincipalKind, Str) {
    (PrincipalKind::CanonicalUser, value)
}

impl Stm {
    pub(crate) fn actions(mut self, list: &[Str]) -> Stm {
        self.0.action = entries(false, list);
        self
    }

    pub(crate) fn not_actions(mut self, list: &[Str]) -> Stm {
        self.0.action = entries(true, list);
        self
    }

    pub(crate) fn on(mut self, list: &[Str]) -> Stm {
        self.0.resource = Some(entries(false, list));
        self
    }

    pub(crate) fn not_on(mut self, list: &[Str]) -> Stm {
        self.0.resource = Some(entries(true, list));
        self
    }

    pub(crate) fn without_resource(mut self) -> Stm {
        self.0.resource = None;
        self
    }

    fn principals(mut self, negated: bool, list: &[(PrincipalKind, Str)]) -> Stm {
        let list = keep(list.iter().map(|(kind, value)| PrincipalEntry {
            kind: *kind,
            value: text(value),
        }));
        self.0.principal = Some(Principals {
            negated,
            list,
            span: Span::default(),
        });
        self
    }

    pub(crate) fn to(self, list: &[(PrincipalKind, Str)]) -> Stm {
        self.principals(false, list)
    }

    pub(crate) fn to_all_but(self, list: &[(PrincipalKind, Str)]) -> Stm {
        self.principals(true, list)
    }

    pub(crate) fn when(mut self, operator: Str, key: Str, values: &[Str]) -> Stm {
        let condition = Condition {
            operator: Operator::parse(operator).unwrap(),
            operator_text: text(operator),
            key: text(key),
            values: keep(values.iter().map(|value| text(value))),
            span: Span::default(),
        };
        self.0.conditions = keep(self.0.conditions.iter().copied().chain([condition]));
        self
    }
}

pub(crate) fn versioned(
    kind: PolicyKind,
    version: Option<Str>,
    statements: &[Stm],
) -> Policy<'static> {
    Policy {
        name: "p",
        file: "",
        text: "",
        document: Document {
            kind,
            version: version.map(text),
            id: None,
            statements: keep(statements.iter().map(|statement| statement.0)),
            span: Span::default(),
        },
    }
}

pub(crate) fn doc(kind: PolicyKind, statements: &[Stm]) -> Policy<'static> {
    versioned(kind, Some("2012-10-17"), statements)
}

/// The policy sets of a decision in the making; each call adds one document.
#[derive(Clone, Default)]
pub(crate) struct Sets(pub(crate) PolicySets<'static>);

pub(crate) fn sets() -> Sets {
    Sets::default()
}

impl Sets {
    pub(crate) fn identity(mut self, statements: &[Stm]) -> Sets {
        self.0.identity.push(doc(PolicyKind::Identity, statements));
        self
    }

    pub(crate) fn boundary(mut self, statements: &[Stm]) -> Sets {
        self.0.boundary = Some(vec![doc(PolicyKind::Boundary, statements)]);
        self
    }

    pub(crate) fn session(mut self, statements: &[Stm]) -> Sets {
        self.0
            .session
            .get_or_insert_default()
            .push(doc(PolicyKind::Session, statements));
        self
    }

    pub(crate) fn resource(mut self, statements: &[Stm]) -> Sets {
        self.0.resource = Some(vec![doc(PolicyKind::Resource, statements)]);
        self
    }

    pub(crate) fn endpoint(mut self, statements: &[Stm]) -> Sets {
        self.0.vpc_endpoint = Some(vec![doc(PolicyKind::VpcEndpoint, statements)]);
        self
    }

    pub(crate) fn scp(mut self, policies: &[&[Stm]]) -> Sets {
        let level = policies.iter().map(|list| doc(PolicyKind::Scp, list));
        self.0.scps.push(level.collect());
        self
    }

    pub(crate) fn rcp(mut self, statements: &[Stm]) -> Sets {
        self.0.rcps.push(vec![doc(PolicyKind::Rcp, statements)]);
        self
    }
}

/// A request in the making.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) caller: Caller<'static>,
    pub(crate) user_id: Option<Str>,
    pub(crate) management_account: bool,
    pub(crate) session_token: bool,
    pub(crate) action: Str,
    pub(crate) resource: Str,
    pub(crate) owner: Option<Str>,
    pub(crate) context: Vec<(Str, Vec<Str>)>,
    pub(crate) restrict: bool,
    pub(crate) external: bool,
}

pub(crate) fn ask(caller: Caller<'static>, action: Str, resource: Str) -> Ask {
    Ask {
        caller,
        user_id: None,
        management_account: false,
        session_token: false,
        action,
        resource,
        owner: None,
        context: Vec::new(),
        restrict: false,
        external: false,
    }
}

pub(crate) fn root() -> Caller<'static> {
    Caller::Root { arn: ROOT_A }
}

pub(crate) fn ann() -> Caller<'static> {
    Caller::User { arn: ANN }
}

pub(crate) fn session() -> Caller<'static> {
    Caller::session(SESSION, ROLE).unwrap()
}

pub(crate) fn service_linked() -> Caller<'static> {
    Caller::Role {
        session_arn: Some(SESSION),
        role_arn: ROLE,
        service_linked: true,
    }
}

pub(crate) fn fay(federated_by: Option<Str>) -> Caller<'static> {
    let arn = FED;
    Caller::FederatedUser { arn, federated_by }
}

impl Ask {
    pub(crate) fn with(mut self, key: Str, values: &[Str]) -> Ask {
        self.context.push((key, values.to_vec()));
        self
    }

    pub(crate) fn owned_by(mut self, account: Str) -> Ask {
        self.owner = Some(account);
        self
    }

    pub(crate) fn user_id(mut self, id: Str) -> Ask {
        self.user_id = Some(id);
        self
    }

    pub(crate) fn managing(mut self) -> Ask {
        self.management_account = true;
        self
    }

    pub(crate) fn by_session_token(mut self) -> Ask {
        self.session_token = true;
        self
    }

    pub(crate) fn restricted(mut self) -> Ask {
        self.restrict = true;
        self
    }

    pub(crate) fn granted_outside(mut self) -> Ask {
        self.external = true;
        self
    }

    pub(crate) fn run(&self, sets: &Sets) -> Outcome {
        let context: Vec<ContextEntry<'_>> = self
            .context
            .iter()
            .map(|(key, values)| ContextEntry { key, values })
            .collect();
        let request = Request {
            principal: Principal {
                caller: self.caller,
                user_id: self.user_id,
                management_account: self.management_account,
                session_token: self.session_token,
            },
            action: self.action,
            resource: self.resource,
            resource_account: self.owner,
            context: &context,
            restrict_public_buckets: self.restrict,
            external_grant: self.external,
        };
        decide(&sets.0, &request)
    }

    #[track_caller]
    pub(crate) fn is_allowed(&self, sets: &Sets) {
        let outcome = self.run(sets);
        assert_eq!(outcome.decision, Decision::Allow, "{outcome:?}");
        assert_eq!(outcome.by, []);
    }

    #[track_caller]
    pub(crate) fn is_denied(&self, sets: &Sets, by: &[Layer]) {
        let outcome = self.run(sets);
        assert_eq!(outcome.decision, Decision::ExplicitDeny, "{outcome:?}");
        assert_eq!(outcome.by, by);
    }

    #[track_caller]
    pub(crate) fn is_refused(&self, sets: &Sets, by: Layer) {
        let outcome = self.run(sets);
        assert_eq!(outcome.decision, Decision::ImplicitDeny, "{outcome:?}");
        assert_eq!(outcome.by, [by]);
    }

    /// By no policy.
    #[track_caller]
    pub(crate) fn is_refused_by_the_service(&self, sets: &Sets) {
        let outcome = self.run(sets);
        assert_eq!(outcome.decision, Decision::ImplicitDeny, "{outcome:?}");
        assert_eq!(outcome.by, []);
    }
}

/// True if a user with this one identity statement may do what is asked.
pub(crate) fn grants(statement: Stm, ask: &Ask) -> bool {
    ask.run(&sets().identity(&[statement])).decision.is_allow()
}

/// True if the condition holds in the context.
pub(crate) fn holds(operator: Str, key: Str, values: &[Str], context: &[(Str, &[Str])]) -> bool {
    let mut ask = ask(ann(), "ec2:RunInstances", "*");
    for (key, values) in context {
        ask = ask.with(key, values);
    }
    grants(allow("*").when(operator, key, values), &ask)
}
