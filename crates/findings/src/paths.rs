//! The ways of privilege escalation, as facts.
//!
//! Source: pathfinding.cloud (<https://github.com/DataDog/pathfinding.cloud>, `data/paths`, 2025-12-17), Apache-2.0, © 2025
//! Datadog, Inc. Taken from it are the names of paths, the permissions that each needs, and what has to be there; no text.
//!
//! What directories do not hold (functions, instances, stacks, groups without policies) is assumed, and the assumption is told
//! with what is found.

/// How a path leads to more rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// A user gives itself what it likes.
    OwnUser,
    /// A role does.
    OwnRole,
    /// Either does.
    Own,
    /// It takes over a user who has more.
    User,
    /// It takes over a role that has more.
    Role,
    /// It gives a user what it likes, and takes it over.
    ChangedUser,
    /// The same of a role.
    ChangedRole,
    /// It runs something as a role that trusts one of these services.
    Runs(&'static [&'static str]),
}

/// What a permission is needed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// The principal itself.
    Itself,
    /// A group that it is in.
    OwnGroup,
    /// A policy of its account that is attached to it, or to a group that it is in.
    OwnPolicy,
    /// The user or role that is reached.
    Target,
    /// A policy of the account that is attached to that.
    TargetPolicy,
    /// The role that is reached, which is passed to the service.
    Passed,
    /// Any resource of the action.
    Any,
    /// A group of the account.
    Group,
}

/// A published path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// As published.
    pub(crate) id: &'static str,
    pub(crate) how: How,
    /// All of these are needed.
    pub(crate) needs: &'static [(&'static str, On)],
    /// What has to be there and no directory says; empty if nothing.
    pub(crate) assumes: &'static str,
}

const fn path(
    id: &'static str,
    how: How,
    needs: &'static [(&'static str, On)],
    assumes: &'static str,
) -> Path {
    Path {
        id,
        how,
        needs,
        assumes,
    }
}

use How::{ChangedRole, ChangedUser, Own, OwnRole, OwnUser, Role, Runs, User};
use On::{Any, Group, Itself, OwnGroup, OwnPolicy, Passed, Target, TargetPolicy};

const PASS: (&str, On) = ("iam:PassRole", Passed);
/// Assuming the role that is reached.
pub(crate) const ASSUME: (&str, On) = ("sts:AssumeRole", Target);
const TRUST: (&str, On) = ("iam:UpdateAssumeRolePolicy", Target);
const APPRUNNER: How = Runs(&["tasks.apprunner.amazonaws.com"]);
const BEDROCK: How = Runs(&["bedrock-agentcore.amazonaws.com"]);
const CLOUDFORMATION: How = Runs(&["cloudformation.amazonaws.com"]);
const CODEBUILD: How = Runs(&["codebuild.amazonaws.com"]);
const DATAPIPELINE: How = Runs(&[
    "datapipeline.amazonaws.com",
    "elasticmapreduce.amazonaws.com",
]);
const EC2: How = Runs(&["ec2.amazonaws.com"]);
const ECS: How = Runs(&["ecs-tasks.amazonaws.com"]);
const GLUE: How = Runs(&["glue.amazonaws.com"]);
const LAMBDA: How = Runs(&["lambda.amazonaws.com"]);
const SAGEMAKER: How = Runs(&["sagemaker.amazonaws.com"]);

/// The paths, by their names; the one without number is of Rhino Security Labs' list (2018), a fact too.
pub(crate) const PATHS: [Path; 66] = [
    path(
        "apprunner-001",
        APPRUNNER,
        &[PASS, ("apprunner:CreateService", Any)],
        "",
    ),
    path(
        "apprunner-002",
        APPRUNNER,
        &[("apprunner:UpdateService", Any)],
        "an App Runner service runs as the role",
    ),
    path(
        "bedrock-001",
        BEDROCK,
        &[
            PASS,
            ("bedrock-agentcore:CreateCodeInterpreter", Any),
            ("bedrock-agentcore:StartCodeInterpreterSession", Any),
            ("bedrock-agentcore:InvokeCodeInterpreter", Any),
        ],
        "",
    ),
    path(
        "bedrock-002",
        BEDROCK,
        &[
            ("bedrock-agentcore:StartCodeInterpreterSession", Any),
            ("bedrock-agentcore:InvokeCodeInterpreter", Any),
        ],
        "a code interpreter of Bedrock AgentCore runs as the role",
    ),
    path(
        "cloudformation-001",
        CLOUDFORMATION,
        &[PASS, ("cloudformation:CreateStack", Any)],
        "",
    ),
    path(
        "cloudformation-002",
        CLOUDFORMATION,
        &[("cloudformation:UpdateStack", Any)],
        "a stack has the role",
    ),
    path(
        "cloudformation-003",
        CLOUDFORMATION,
        &[
            PASS,
            ("cloudformation:CreateStackSet", Any),
            ("cloudformation:CreateStackInstances", Any),
        ],
        "the role may assume an execution role",
    ),
    path(
        "cloudformation-004",
        CLOUDFORMATION,
        &[PASS, ("cloudformation:UpdateStackSet", Any)],
        "a stack set has an instance, and the role may assume its execution role",
    ),
    path(
        "cloudformation-005",
        CLOUDFORMATION,
        &[
            ("cloudformation:CreateChangeSet", Any),
            ("cloudformation:ExecuteChangeSet", Any),
        ],
        "a stack has the role",
    ),
    path(
        "codebuild-001",
        CODEBUILD,
        &[
            PASS,
            ("codebuild:CreateProject", Any),
            ("codebuild:StartBuild", Any),
        ],
        "",
    ),
    path(
        "codebuild-002",
        CODEBUILD,
        &[("codebuild:StartBuild", Any)],
        "a project has the role",
    ),
    path(
        "codebuild-003",
        CODEBUILD,
        &[("codebuild:StartBuildBatch", Any)],
        "a project with batch builds has the role",
    ),
    path(
        "codebuild-004",
        CODEBUILD,
        &[
            PASS,
            ("codebuild:CreateProject", Any),
            ("codebuild:StartBuildBatch", Any),
        ],
        "",
    ),
    path(
        "datapipeline-001",
        DATAPIPELINE,
        &[
            PASS,
            ("datapipeline:CreatePipeline", Any),
            ("datapipeline:PutPipelineDefinition", Any),
            ("datapipeline:ActivatePipeline", Any),
        ],
        "",
    ),
    path(
        "ec2-001",
        EC2,
        &[PASS, ("ec2:RunInstances", Any)],
        "the role has an instance profile",
    ),
    path(
        "ec2-002",
        EC2,
        &[
            ("ec2:ModifyInstanceAttribute", Any),
            ("ec2:StopInstances", Any),
            ("ec2:StartInstances", Any),
        ],
        "an instance runs as the role",
    ),
    path(
        "ec2-003",
        EC2,
        &[PASS, ("ec2:RequestSpotInstances", Any)],
        "the role has an instance profile",
    ),
    path(
        "ec2-004",
        EC2,
        &[
            ("ec2:CreateLaunchTemplateVersion", Any),
            ("ec2:ModifyLaunchTemplate", Any),
        ],
        "a launch template with the role is in use",
    ),
    path(
        "ec2instanceconnect-003",
        EC2,
        &[
            ("ec2-instance-connect:SendSSHPublicKey", Any),
            ("ec2:DescribeInstances", Any),
        ],
        "an instance that can be reached runs as the role",
    ),
    path(
        "ecs-001",
        ECS,
        &[
            PASS,
            ("ecs:CreateCluster", Any),
            ("ecs:RegisterTaskDefinition", Any),
            ("ecs:CreateService", Any),
        ],
        "",
    ),
    path(
        "ecs-002",
        ECS,
        &[
            PASS,
            ("ecs:CreateCluster", Any),
            ("ecs:RegisterTaskDefinition", Any),
            ("ecs:RunTask", Any),
        ],
        "",
    ),
    path(
        "ecs-003",
        ECS,
        &[
            PASS,
            ("ecs:RegisterTaskDefinition", Any),
            ("ecs:CreateService", Any),
        ],
        "there is a cluster",
    ),
    path(
        "ecs-004",
        ECS,
        &[
            PASS,
            ("ecs:RegisterTaskDefinition", Any),
            ("ecs:RunTask", Any),
        ],
        "there is a cluster",
    ),
    path(
        "ecs-005",
        ECS,
        &[
            PASS,
            ("ecs:RegisterTaskDefinition", Any),
            ("ecs:StartTask", Any),
        ],
        "there is a cluster",
    ),
    path(
        "glue-001",
        GLUE,
        &[PASS, ("glue:CreateDevEndpoint", Any)],
        "",
    ),
    path(
        "glue-002",
        GLUE,
        &[("glue:UpdateDevEndpoint", Any)],
        "a development endpoint runs as the role",
    ),
    path(
        "glue-003",
        GLUE,
        &[PASS, ("glue:CreateJob", Any), ("glue:StartJobRun", Any)],
        "",
    ),
    path(
        "glue-004",
        GLUE,
        &[PASS, ("glue:CreateJob", Any), ("glue:CreateTrigger", Any)],
        "",
    ),
    path(
        "glue-005",
        GLUE,
        &[PASS, ("glue:UpdateJob", Any), ("glue:StartJobRun", Any)],
        "there is a job",
    ),
    path(
        "glue-006",
        GLUE,
        &[PASS, ("glue:UpdateJob", Any), ("glue:CreateTrigger", Any)],
        "there is a job",
    ),
    path(
        "iam-001",
        Own,
        &[("iam:CreatePolicyVersion", OwnPolicy)],
        "",
    ),
    path(
        "iam-set-default-policy-version",
        Own,
        &[("iam:SetDefaultPolicyVersion", OwnPolicy)],
        "another version of the policy allows more",
    ),
    path("iam-002", User, &[("iam:CreateAccessKey", Target)], ""),
    path(
        "iam-003",
        User,
        &[
            ("iam:CreateAccessKey", Target),
            ("iam:DeleteAccessKey", Target),
        ],
        "",
    ),
    path(
        "iam-004",
        User,
        &[("iam:CreateLoginProfile", Target)],
        "the user has no password",
    ),
    path("iam-005", OwnRole, &[("iam:PutRolePolicy", Itself)], ""),
    path(
        "iam-006",
        User,
        &[("iam:UpdateLoginProfile", Target)],
        "the user has a password",
    ),
    path("iam-007", OwnUser, &[("iam:PutUserPolicy", Itself)], ""),
    path("iam-008", OwnUser, &[("iam:AttachUserPolicy", Itself)], ""),
    path("iam-009", OwnRole, &[("iam:AttachRolePolicy", Itself)], ""),
    path(
        "iam-010",
        OwnUser,
        &[("iam:AttachGroupPolicy", OwnGroup)],
        "",
    ),
    path("iam-011", OwnUser, &[("iam:PutGroupPolicy", OwnGroup)], ""),
    path("iam-012", Role, &[TRUST], ""),
    path(
        "iam-013",
        OwnUser,
        &[("iam:AddUserToGroup", Group)],
        "the group has the rights of an administrator",
    ),
    path(
        "iam-014",
        ChangedRole,
        &[("iam:AttachRolePolicy", Target), ASSUME],
        "",
    ),
    path(
        "iam-015",
        ChangedUser,
        &[
            ("iam:AttachUserPolicy", Target),
            ("iam:CreateAccessKey", Target),
        ],
        "",
    ),
    path(
        "iam-016",
        ChangedRole,
        &[("iam:CreatePolicyVersion", TargetPolicy), ASSUME],
        "",
    ),
    path(
        "iam-017",
        ChangedRole,
        &[("iam:PutRolePolicy", Target), ASSUME],
        "",
    ),
    path(
        "iam-018",
        ChangedUser,
        &[
            ("iam:PutUserPolicy", Target),
            ("iam:CreateAccessKey", Target),
        ],
        "",
    ),
    path(
        "iam-019",
        ChangedRole,
        &[("iam:AttachRolePolicy", Target), TRUST],
        "",
    ),
    path(
        "iam-020",
        ChangedRole,
        &[("iam:CreatePolicyVersion", TargetPolicy), TRUST],
        "",
    ),
    path(
        "iam-021",
        ChangedRole,
        &[("iam:PutRolePolicy", Target), TRUST],
        "",
    ),
    path(
        "lambda-001",
        LAMBDA,
        &[
            PASS,
            ("lambda:CreateFunction", Any),
            ("lambda:InvokeFunction", Any),
        ],
        "",
    ),
    path(
        "lambda-002",
        LAMBDA,
        &[
            PASS,
            ("lambda:CreateFunction", Any),
            ("lambda:CreateEventSourceMapping", Any),
        ],
        "there is an event source",
    ),
    path(
        "lambda-003",
        LAMBDA,
        &[("lambda:UpdateFunctionCode", Any)],
        "a function that something calls runs as the role",
    ),
    path(
        "lambda-004",
        LAMBDA,
        &[
            ("lambda:UpdateFunctionCode", Any),
            ("lambda:InvokeFunction", Any),
        ],
        "a function runs as the role",
    ),
    path(
        "lambda-005",
        LAMBDA,
        &[
            ("lambda:UpdateFunctionCode", Any),
            ("lambda:AddPermission", Any),
        ],
        "a function runs as the role",
    ),
    path(
        "lambda-006",
        LAMBDA,
        &[
            PASS,
            ("lambda:CreateFunction", Any),
            ("lambda:AddPermission", Any),
        ],
        "",
    ),
    path(
        "sagemaker-001",
        SAGEMAKER,
        &[PASS, ("sagemaker:CreateNotebookInstance", Any)],
        "",
    ),
    path(
        "sagemaker-002",
        SAGEMAKER,
        &[PASS, ("sagemaker:CreateTrainingJob", Any)],
        "there is a bucket",
    ),
    path(
        "sagemaker-003",
        SAGEMAKER,
        &[PASS, ("sagemaker:CreateProcessingJob", Any)],
        "there is a bucket",
    ),
    path(
        "sagemaker-004",
        SAGEMAKER,
        &[("sagemaker:CreatePresignedNotebookInstanceUrl", Any)],
        "a notebook instance runs as the role",
    ),
    path(
        "sagemaker-005",
        SAGEMAKER,
        &[
            ("sagemaker:CreateNotebookInstanceLifecycleConfig", Any),
            ("sagemaker:StopNotebookInstance", Any),
            ("sagemaker:UpdateNotebookInstance", Any),
            ("sagemaker:StartNotebookInstance", Any),
        ],
        "a notebook instance runs as the role",
    ),
    path(
        "ssm-001",
        EC2,
        &[("ssm:StartSession", Any)],
        "an instance with the agent runs as the role",
    ),
    path(
        "ssm-002",
        EC2,
        &[("ssm:SendCommand", Any)],
        "an instance with the agent runs as the role",
    ),
    path("sts-001", Role, &[ASSUME], ""),
];
