//! What a document is checked as (`AA-1`).

use portcullis_model::PolicyKind;

/// AWS's types of policy documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyType {
    /// `IDENTITY_POLICY`.
    Identity,
    /// `RESOURCE_POLICY`.
    Resource,
    /// `SERVICE_CONTROL_POLICY`.
    ServiceControl,
    /// `RESOURCE_CONTROL_POLICY`.
    ResourceControl,
}

impl PolicyType {
    const ALL: [(PolicyType, &'static str); 4] = [
        (PolicyType::Identity, "IDENTITY_POLICY"),
        (PolicyType::Resource, "RESOURCE_POLICY"),
        (PolicyType::ServiceControl, "SERVICE_CONTROL_POLICY"),
        (PolicyType::ResourceControl, "RESOURCE_CONTROL_POLICY"),
    ];

    /// AWS's names of all types.
    ///
    /// ```
    /// assert!(portcullis_lint::PolicyType::names_of_all().any(|name| name == "IDENTITY_POLICY"));
    /// ```
    pub fn names_of_all() -> impl Iterator<Item = &'static str> {
        PolicyType::ALL.iter().map(|one| one.1)
    }
}

/// What a resource policy is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceType {
    /// `AWS::S3::Bucket`.
    Bucket,
    /// `AWS::S3::AccessPoint`.
    AccessPoint,
    /// `AWS::S3::MultiRegionAccessPoint`.
    MultiRegionAccessPoint,
    /// `AWS::S3ObjectLambda::AccessPoint`.
    ObjectLambdaAccessPoint,
    /// `AWS::IAM::AssumeRolePolicyDocument`.
    AssumeRolePolicyDocument,
    /// `AWS::DynamoDB::Table`.
    Table,
}

impl ResourceType {
    /// Every type with AWS's name and the one that texts show.
    const ALL: [(ResourceType, &'static str, &'static str); 6] = [
        (ResourceType::Bucket, "AWS::S3::Bucket", "S3 Bucket"),
        (
            ResourceType::AccessPoint,
            "AWS::S3::AccessPoint",
            "S3 Access Point",
        ),
        (
            ResourceType::MultiRegionAccessPoint,
            "AWS::S3::MultiRegionAccessPoint",
            "S3 Multi-Region Access Point",
        ),
        (
            ResourceType::ObjectLambdaAccessPoint,
            "AWS::S3ObjectLambda::AccessPoint",
            "S3 Object Lambda Access Point",
        ),
        (
            ResourceType::AssumeRolePolicyDocument,
            "AWS::IAM::AssumeRolePolicyDocument",
            "IAM Role Trust Policy",
        ),
        (
            ResourceType::Table,
            "AWS::DynamoDB::Table",
            "DynamoDB Table",
        ),
    ];

    /// AWS's name of the type.
    ///
    /// ```
    /// use portcullis_lint::ResourceType;
    /// assert_eq!(ResourceType::Bucket.as_str(), "AWS::S3::Bucket");
    /// assert_eq!(ResourceType::parse("AWS::S3::Bucket"), Some(ResourceType::Bucket));
    /// ```
    pub fn as_str(self) -> &'static str {
        self.names().0
    }

    /// The name that texts show.
    pub(crate) fn friendly(self) -> &'static str {
        self.names().1
    }

    fn names(self) -> (&'static str, &'static str) {
        let found = ResourceType::ALL.iter().find(|one| one.0 == self);
        found.map_or(("", ""), |one| (one.1, one.2))
    }

    /// Reads AWS's name, see [`ResourceType::as_str`].
    pub fn parse(name: &str) -> Option<ResourceType> {
        let mut all = ResourceType::ALL.iter();
        all.find(|one| one.1 == name).map(|one| one.0)
    }

    /// AWS's names of all types.
    ///
    /// ```
    /// assert!(portcullis_lint::ResourceType::names_of_all().any(|name| name == "AWS::DynamoDB::Table"));
    /// ```
    pub fn names_of_all() -> impl Iterator<Item = &'static str> {
        ResourceType::ALL.iter().map(|one| one.1)
    }
}

/// A type of document, and of the resource that has it, if it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The type of the document.
    pub policy: PolicyType,
    /// What has it, if it is a resource policy and that is known.
    pub resource: Option<ResourceType>,
}

impl Target {
    /// Reads AWS's name of a type, or one of the words of this project.
    ///
    /// ```
    /// use portcullis_lint::{ResourceType, Target};
    /// assert_eq!(Target::parse("IDENTITY_POLICY"), Target::parse("session"));
    /// assert_eq!(Target::parse("trust").unwrap().resource, Some(ResourceType::AssumeRolePolicyDocument));
    /// assert_eq!(Target::parse("Identity"), None);
    /// ```
    pub fn parse(word: &str) -> Option<Target> {
        let mut all = PolicyType::ALL.iter();
        let own = all.find(|one| one.1 == word).map(|one| one.0.into());
        own.or_else(|| PolicyKind::parse(word).map(Target::from))
    }

    /// The kind of this project that is closest: what the document is read as.
    ///
    /// ```
    /// use portcullis_lint::Target;
    /// use portcullis_model::PolicyKind;
    /// assert_eq!(Target::parse("trust").unwrap().kind(), PolicyKind::Trust);
    /// ```
    pub fn kind(self) -> PolicyKind {
        match (self.policy, self.resource) {
            (PolicyType::Identity, _) => PolicyKind::Identity,
            (PolicyType::Resource, Some(ResourceType::AssumeRolePolicyDocument)) => {
                PolicyKind::Trust
            }
            (PolicyType::Resource, _) => PolicyKind::Resource,
            (PolicyType::ServiceControl, _) => PolicyKind::Scp,
            (PolicyType::ResourceControl, _) => PolicyKind::Rcp,
        }
    }
}

impl From<PolicyType> for Target {
    fn from(policy: PolicyType) -> Target {
        Target {
            policy,
            resource: None,
        }
    }
}

impl From<PolicyKind> for Target {
    fn from(kind: PolicyKind) -> Target {
        let policy = match kind {
            PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session => {
                PolicyType::Identity
            }
            PolicyKind::Resource | PolicyKind::Trust | PolicyKind::VpcEndpoint => {
                PolicyType::Resource
            }
            PolicyKind::Scp => PolicyType::ServiceControl,
            PolicyKind::Rcp => PolicyType::ResourceControl,
        };
        let resource =
            (kind == PolicyKind::Trust).then_some(ResourceType::AssumeRolePolicyDocument);
        Target { policy, resource }
    }
}
