//! Directories of any size from a seed: dumps as files, and requests about them.
//!
//! Small ones mix few names, so that everything meets everything: for comparisons. Large ones have the
//! shape of real organizations, where most principals share their policies: for measurements.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::Bytes;

/// How much of everything a directory has.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Accounts, the management account included; the last one is outside of the organization.
    pub accounts: usize,
    /// Organizational units, in a tree.
    pub units: usize,
    /// Users of each account.
    pub users: usize,
    /// Groups of each account.
    pub groups: usize,
    /// Roles of each account.
    pub roles: usize,
    /// Buckets of each account.
    pub buckets: usize,
    /// Keys of each account.
    pub keys: usize,
    /// Managed policies of each account.
    pub managed: usize,
    /// Managed policies of AWS.
    pub shared: usize,
    /// One in so many principals has a policy of its own.
    pub inline_one_in: usize,
    /// Policies of its own that each user has besides.
    pub inline_each: usize,
    /// With everything that statements can say, usual or not: negations, lists, many statements for one action.
    pub odd: bool,
}

impl Scale {
    /// A directory in which names meet often.
    pub const SMALL: Scale = Scale {
        accounts: 4,
        units: 3,
        users: 4,
        groups: 2,
        roles: 4,
        buckets: 2,
        keys: 2,
        managed: 3,
        shared: 4,
        inline_one_in: 2,
        inline_each: 0,
        odd: true,
    };

    /// 1,000 accounts with 1,000 principals each.
    pub const MILLION: Scale = Scale {
        accounts: 1_000,
        units: 40,
        users: 100,
        groups: 20,
        roles: 900,
        buckets: 10,
        keys: 5,
        managed: 10,
        shared: 100,
        inline_one_in: 200,
        inline_each: 0,
        odd: false,
    };
}

impl Scale {
    /// One account whose 20,000 users have eight policies of their own each: a dump of some 150 MB.
    pub const INLINE: Scale = Scale {
        accounts: 1,
        users: 20_000,
        groups: 100,
        roles: 100,
        inline_each: 8,
        ..Scale::MILLION
    };
}

const ORGANIZATION: &str = "o-generated1";
const TEAMS: [&str; 3] = ["blue", "red", "Green"];
const ACTIONS: [&str; 9] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBucket",
    "kms:Decrypt",
    "sts:AssumeRole",
    "sts:TagSession",
    "ec2:RunInstances",
    "iam:PassRole",
    "sqs:SendMessage",
];

/// The number of an account as text.
fn account(index: usize) -> String {
    format!("{:012}", 100_000_000_001_u64 + index as u64 * 1_001)
}

fn user(account_index: usize, index: usize) -> String {
    let path = if index % 3 == 1 { "team/" } else { "" };
    format!(
        "arn:aws:iam::{}:user/{path}u{index}",
        account(account_index)
    )
}

fn role(account_index: usize, index: usize) -> String {
    let path = match index % 5 {
        1 => "app/",
        4 if index == 4 => "aws-service-role/example.amazonaws.com/",
        _ => "",
    };
    format!(
        "arn:aws:iam::{}:role/{path}R{index}",
        account(account_index)
    )
}

fn bucket(account_index: usize, index: usize) -> String {
    format!("arn:aws:s3:::b{index}-{}", account(account_index))
}

fn access_point(account_index: usize) -> String {
    let account = account(account_index);
    format!("arn:aws:s3:eu-west-1:{account}:accesspoint/ap")
}

fn domain(account_index: usize) -> String {
    let account = account(account_index);
    format!("arn:aws:es:eu-west-1:{account}:domain/d")
}

fn key(account_index: usize, index: usize) -> String {
    format!(
        "arn:aws:kms:eu-west-1:{}:key/k{index}",
        account(account_index)
    )
}

/// Makes one directory.
#[derive(Debug)]
pub struct Generator {
    source: Bytes,
    scale: Scale,
}

impl Generator {
    /// The generator with this seed.
    pub fn new(seed: u64, scale: Scale) -> Generator {
        Generator {
            source: Bytes::new(seed),
            scale,
        }
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.source.below(count) == 0
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        let index = self.source.below(texts.len());
        texts.get(index).copied().unwrap_or_default()
    }

    fn any_account(&mut self) -> usize {
        self.source.below(self.scale.accounts)
    }

    /// Writes the dumps into a folder.
    ///
    /// # Errors
    /// Those of the files.
    pub fn write(&mut self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let tree = self.tree();
        fs::write(folder.join("tree.json"), tree.to_string())?;
        let create = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
        let mut dumps = create("accounts.jsonl")?;
        for index in 0..self.scale.accounts {
            writeln!(dumps, "{}", self.dump(index))?;
        }
        let mut shared = create("managed.jsonl")?;
        for index in 0..self.scale.shared {
            let name = format!("Shared{index}");
            let arn = format!("arn:aws:iam::aws:policy/{name}");
            let document = self.identity(3);
            let line = json!({"name": name, "arn": arn, "document": document});
            writeln!(shared, "{line}")?;
        }
        let mut resources = create("resources.jsonl")?;
        for owner in 0..self.scale.accounts {
            for index in 0..self.scale.buckets {
                let line = self.bucket_line(owner, index);
                writeln!(resources, "{line}")?;
            }
            for index in 0..self.scale.keys {
                let document = self.resource_policy(owner, &["kms:Decrypt", "kms:*"], "*");
                let line = json!({"arn": key(owner, index), "policy": document});
                writeln!(resources, "{line}")?;
            }
            if self.is_small() {
                for line in [self.access_point_line(owner), self.domain_line(owner)] {
                    writeln!(resources, "{line}")?;
                }
            }
        }
        resources.flush()?;
        shared.flush()?;
        dumps.flush()
    }

    /// Small directories have a bit of everything, large ones what most accounts have most of.
    fn is_small(&self) -> bool {
        self.scale.roles < 100
    }

    /// An access point (`S3-6`): mostly of a bucket of its account.
    fn access_point_line(&mut self, owner: usize) -> Value {
        let arn = access_point(owner);
        let document =
            self.resource_policy(owner, &["s3:GetObject", "s3:*"], &format!("{arn}/object/*"));
        let mut line = json!({"arn": arn, "policy": document});
        if let Some(object) = line.as_object_mut() {
            // What a changed file does not say stays, so that these must not change.
            if owner % 4 != 3 {
                let of = match owner % 3 {
                    2 => owner.saturating_sub(1),
                    _ => owner,
                };
                object.insert("bucket".to_string(), json!(bucket(of, 0)));
            }
            if self.one_in(3) {
                object.insert("tags".to_string(), json!({"stage": "test"}));
            }
        }
        line
    }

    /// A search domain, whose policy is that of everything in it (`MATCH-36`).
    fn domain_line(&mut self, owner: usize) -> Value {
        let arn = domain(owner);
        let document = self.resource_policy(owner, &["es:ESHttpGet", "es:*"], &format!("{arn}/*"));
        json!({"arn": arn, "policy": document})
    }

    fn bucket_line(&mut self, owner: usize, index: usize) -> Value {
        let arn = bucket(owner, index);
        let mut line = json!({
            "arn": arn,
            "account": account(owner),
            "tags": {"stage": self.pick(&["test", "live"])},
        });
        if let Some(object) = line.as_object_mut() {
            if !self.one_in(4) {
                let objects = format!("{arn}/*");
                let actions = ["s3:GetObject", "s3:PutObject", "s3:*"];
                let document = self.resource_policy(owner, &actions, &objects);
                object.insert("policy".to_string(), document);
            }
            if self.one_in(5) {
                let block = json!({"RestrictPublicBuckets": true});
                object.insert("publicAccessBlock".to_string(), block);
            }
            if self.is_small() && (owner + index) % 2 == 0 {
                object.insert("abac".to_string(), json!(true));
            }
        }
        line
    }

    /// The tree: units in a heap, accounts spread over them; the last account is outside.
    fn tree(&mut self) -> Value {
        let units = self.scale.units;
        let inside = self.scale.accounts.saturating_sub(1).max(1);
        let mut nodes: Vec<Value> = (0..units)
            .map(|unit| {
                json!({
                    "ou": format!("ou-gen1-{unit:08}"),
                    "policies": self.attached(),
                    "children": [],
                })
            })
            .collect();
        let mut root = json!({
            "id": "r-gen1",
            "policies": {"scp": ["p-FullAWSAccess"], "rcp": ["p-RCPFullAWSAccess"]},
            "children": [],
        });
        let mut children: Vec<Vec<Value>> = vec![Vec::new(); units + 1];
        for index in 0..inside {
            let own = json!({"account": account(index), "policies": self.attached()});
            let place = if index == 0 {
                0
            } else {
                self.source.below(units + 1)
            };
            children
                .get_mut(place)
                .into_iter()
                .for_each(|list| list.push(own.clone()));
        }
        // From the last unit to the first, so that every unit is whole when its parent takes it.
        for unit in (0..units).rev() {
            let own = std::mem::take(children.get_mut(unit + 1).unwrap_or(&mut Vec::new()));
            let Some(mut node) = nodes.pop() else {
                continue;
            };
            if let Some(node) = node.as_object_mut() {
                node.insert("children".to_string(), Value::Array(own));
            }
            if let Some(list) = children.get_mut(unit.div_ceil(3)) {
                list.push(node);
            }
        }
        let own = std::mem::take(children.get_mut(0).unwrap_or(&mut Vec::new()));
        if let Some(root) = root.as_object_mut() {
            root.insert("children".to_string(), Value::Array(own));
        }
        let mut policies = serde_json::Map::new();
        for index in 0..4 {
            let document = json!({"Version": "2012-10-17", "Statement": [self.limit(false)]});
            let policy =
                json!({"type": "scp", "name": format!("Limit{index}"), "content": document});
            policies.insert(format!("p-scp{index}"), policy);
            let document = json!({"Version": "2012-10-17", "Statement": [self.limit(true)]});
            let policy =
                json!({"type": "rcp", "name": format!("Guard{index}"), "content": document});
            policies.insert(format!("p-rcp{index}"), policy);
        }
        json!({
            "organization": {"id": ORGANIZATION, "managementAccountId": account(0)},
            "root": root,
            "policies": policies,
        })
    }

    /// What is attached to a node: mostly everything is allowed and little denied.
    fn attached(&mut self) -> Value {
        let mut scp = vec!["p-FullAWSAccess".to_string()];
        let mut rcp = vec!["p-RCPFullAWSAccess".to_string()];
        if self.one_in(3) {
            scp.push(format!("p-scp{}", self.source.below(4)));
        }
        if self.one_in(9) {
            scp.remove(0);
        }
        if self.one_in(3) {
            rcp.push(format!("p-rcp{}", self.source.below(4)));
        }
        json!({"scp": scp, "rcp": rcp})
    }

    /// A statement of a control policy.
    fn limit(&mut self, is_rcp: bool) -> Value {
        let actions: &[&str] = match is_rcp {
            true => &["s3:PutObject", "s3:*", "kms:Decrypt", "sts:AssumeRole"],
            false => &["s3:PutObject", "ec2:*", "kms:Decrypt", "sts:*"],
        };
        let action = self.pick(actions);
        let mut statement = json!({"Effect": "Deny", "Action": action, "Resource": "*"});
        let condition = self.condition();
        if let Some(object) = statement.as_object_mut() {
            if is_rcp {
                object.insert("Principal".to_string(), json!("*"));
            } else if self.one_in(4) {
                object.insert("Effect".to_string(), json!("Allow"));
            }
            object.insert("Condition".to_string(), condition);
        }
        statement
    }

    /// A condition on something that follows from the directory.
    fn condition(&mut self) -> Value {
        let some = account(self.source.below(self.scale.accounts.min(4)));
        let conditions = [
            json!({"StringEquals": {"aws:PrincipalTag/team": self.pick(&TEAMS)}}),
            json!({"StringNotEqualsIfExists": {"aws:PrincipalTag/Team": "${aws:ResourceTag/team}"}}),
            json!({"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}}),
            json!({"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORGANIZATION}}),
            json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": format!("{ORGANIZATION}/r-gen1/ou-gen1-00000000/*")}}),
            json!({"ForAllValues:StringNotLike": {"aws:ResourceOrgPaths": "o-*/r-gen1/ou-gen1-00000001/*"}}),
            json!({"Null": {"aws:PrincipalTag/team": self.pick(&["true", "false"])}}),
            json!({"StringEquals": {"aws:ResourceTag/stage": "live"}}),
            json!({"StringLike": {"aws:userid": "AROA*:s1"}}),
            json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app/*"}}),
            json!({"StringNotEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}),
            json!({"StringEquals": {"aws:PrincipalAccount": some}}),
            json!({"Bool": {"aws:PrincipalIsAWSService": "false"}}),
        ];
        let index = self.source.below(conditions.len());
        conditions.into_iter().nth(index).unwrap_or(Value::Null)
    }

    /// A resource of the directory, or a pattern.
    fn resource(&mut self) -> String {
        let owner = self.any_account();
        match self.source.below(6) {
            0 | 1 => "*".to_string(),
            2 => format!("{}/*", bucket(owner, self.source.below(self.scale.buckets))),
            3 => key(owner, self.source.below(self.scale.keys)),
            4 => role(owner, self.source.below(self.scale.roles)),
            _ => format!(
                "arn:aws:s3:::b?-{}/${{aws:PrincipalTag/team}}/*",
                account(owner)
            ),
        }
    }

    /// One in so many, of an odd directory.
    fn is_odd(&mut self, one_in: usize) -> bool {
        self.scale.odd && self.one_in(one_in)
    }

    fn identity(&mut self, most: usize) -> Value {
        let mut count = 1 + self.source.below(most);
        if self.is_odd(12) {
            count += 20;
        }
        let statements: Vec<Value> = (0..count)
            .map(|_| {
                let effect = if self.one_in(5) { "Deny" } else { "Allow" };
                let action = match self.source.below(4) {
                    0 => "*",
                    1 => "s3:*",
                    _ => self.pick(&ACTIONS),
                };
                let mut statement =
                    json!({"Effect": effect, "Action": action, "Resource": self.resource()});
                if self.is_odd(6) {
                    let word = self.pick(&["Resource", "NotResource"]);
                    let resources = [self.resource(), self.resource()];
                    statement = json!({"Effect": effect, "Action": action, word: resources});
                }
                if self.is_odd(8) {
                    if let Some(object) = statement.as_object_mut() {
                        let action = object.remove("Action").unwrap_or_default();
                        object.insert("NotAction".to_string(), action);
                    }
                }
                if self.one_in(3) {
                    let condition = self.condition();
                    if let Some(object) = statement.as_object_mut() {
                        object.insert("Condition".to_string(), condition);
                    }
                }
                statement
            })
            .collect();
        json!({"Version": "2012-10-17", "Statement": statements})
    }

    /// Whom a resource policy of an account names.
    fn named(&mut self, owner: usize) -> Value {
        let other = match self.one_in(2) {
            true => owner,
            false => self.any_account(),
        };
        match self.source.below(7) {
            0 => json!("*"),
            1 => json!({"AWS": account(other)}),
            2 => json!({"AWS": user(other, self.source.below(self.scale.users))}),
            3 => json!({"AWS": role(other, self.source.below(self.scale.roles))}),
            4 => {
                let index = self.source.below(self.scale.roles);
                json!({"AWS": format!("arn:aws:sts::{}:assumed-role/R{index}/s1", account(other))})
            }
            5 => json!({"AWS": role_id(other, self.source.below(self.scale.roles))}),
            _ => json!({"Service": "ec2.amazonaws.com"}),
        }
    }

    fn resource_policy(&mut self, owner: usize, actions: &[&str], resource: &str) -> Value {
        let count = 1 + self.source.below(3);
        let mut statements = vec![json!({
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{}:root", account(owner))},
            "Action": actions.last(),
            "Resource": resource,
        })];
        for _ in 0..count {
            let effect = if self.one_in(4) { "Deny" } else { "Allow" };
            let mut statement = json!({
                "Effect": effect,
                "Principal": self.named(owner),
                "Action": self.pick(actions),
                "Resource": resource,
            });
            if self.is_odd(8) {
                if let Some(object) = statement.as_object_mut() {
                    let named = object.remove("Principal").unwrap_or_default();
                    object.insert("NotPrincipal".to_string(), named);
                }
            }
            if self.one_in(3) {
                let condition = self.condition();
                if let Some(object) = statement.as_object_mut() {
                    object.insert("Condition".to_string(), condition);
                }
            }
            statements.push(statement);
        }
        json!({"Version": "2012-10-17", "Statement": statements})
    }

    fn trust(&mut self, owner: usize) -> Value {
        let actions = ["sts:AssumeRole", "sts:TagSession"];
        let statements: Vec<Value> = (0..2)
            .map(|_| {
                json!({"Effect": "Allow", "Principal": self.named(owner), "Action": self.pick(&actions)})
            })
            .collect();
        json!({"Version": "2012-10-17", "Statement": statements})
    }

    /// The dump of one account.
    fn dump(&mut self, owner: usize) -> Value {
        let managed: Vec<Value> = (0..self.scale.managed)
            .map(|index| {
                json!({
                    "PolicyName": format!("Own{index}"),
                    "Arn": own_policy(owner, index),
                    "DefaultVersionId": "v1",
                    "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true, "Document": self.identity(3)}],
                })
            })
            .collect();
        let groups: Vec<Value> = (0..self.scale.groups)
            .map(|index| {
                let arn = format!("arn:aws:iam::{}:group/g{index}", account(owner));
                json!({
                    "GroupName": format!("g{index}"),
                    "Arn": arn,
                    "GroupPolicyList": [],
                    "AttachedManagedPolicies": self.attachments(owner),
                })
            })
            .collect();
        let users: Vec<Value> = (0..self.scale.users)
            .map(|index| {
                let mut one = self.principal(owner, user(owner, index));
                let group = format!("g{}", self.source.below(self.scale.groups));
                if let Some(object) = one.as_object_mut() {
                    object.insert(
                        "UserId".to_string(),
                        json!(format!("AIDA{owner:04}X{index:06}")),
                    );
                    object.insert("GroupList".to_string(), json!([group]));
                    let mut inline = self.inline();
                    for index in 0..self.scale.inline_each {
                        let own = json!({"PolicyName": format!("p{index}"), "PolicyDocument": self.identity(15)});
                        inline.as_array_mut().into_iter().for_each(|all| all.push(own.clone()));
                    }
                    object.insert("UserPolicyList".to_string(), inline);
                }
                one
            })
            .collect();
        let roles: Vec<Value> = (0..self.scale.roles)
            .map(|index| {
                let mut one = self.principal(owner, role(owner, index));
                if let Some(object) = one.as_object_mut() {
                    object.insert("RoleId".to_string(), json!(role_id(owner, index)));
                    // Most roles are for a service.
                    let trust = match self.scale.roles < 100 || self.one_in(50) {
                        true => self.trust(owner),
                        false => json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
                            "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}),
                    };
                    object.insert("AssumeRolePolicyDocument".to_string(), trust);
                    let inline = self.inline();
                    object.insert("RolePolicyList".to_string(), inline);
                }
                one
            })
            .collect();
        json!({
            "UserDetailList": users,
            "GroupDetailList": groups,
            "RoleDetailList": roles,
            "Policies": managed,
            "IsTruncated": false,
        })
    }

    /// What users and roles have alike.
    fn principal(&mut self, owner: usize, arn: String) -> Value {
        let mut one = json!({"Arn": arn, "AttachedManagedPolicies": self.attachments(owner)});
        let Some(object) = one.as_object_mut() else {
            return one;
        };
        if self.one_in(3) {
            let key = self.pick(&["team", "Team"]);
            let tags = json!([{"Key": key, "Value": self.pick(&TEAMS)}]);
            object.insert("Tags".to_string(), tags);
        }
        if self.one_in(5) {
            let boundary = own_policy(owner, self.source.below(self.scale.managed));
            let boundary =
                json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary});
            object.insert("PermissionsBoundary".to_string(), boundary);
        }
        one
    }

    fn attachments(&mut self, owner: usize) -> Value {
        let count = self.source.below(3);
        let arns = (0..count).map(|_| match self.one_in(2) {
            true => own_policy(owner, self.source.below(self.scale.managed)),
            false => format!(
                "arn:aws:iam::aws:policy/Shared{}",
                self.source.below(self.scale.shared)
            ),
        });
        let list: Vec<Value> = arns.map(|arn| json!({"PolicyArn": arn})).collect();
        Value::Array(list)
    }

    fn inline(&mut self) -> Value {
        match self.one_in(self.scale.inline_one_in) {
            true => json!([{"PolicyName": "own", "PolicyDocument": self.identity(2)}]),
            false => json!([]),
        }
    }

    /// A request about the directory, as a line.
    pub fn request(&mut self) -> Value {
        let own = self.any_account();
        let users = self.source.below(self.scale.users);
        let roles = self.source.below(self.scale.roles);
        let principal = match self.source.below(8) {
            0 | 1 => json!(user(own, users)),
            2 => json!(role(own, roles)),
            3 | 4 => json!(format!(
                "arn:aws:sts::{}:assumed-role/R{roles}/s1",
                account(own)
            )),
            5 => json!(account(own)),
            6 => {
                json!({"arn": format!("arn:aws:sts::{}:federated-user/f", account(own)), "federatedBy": user(own, users)})
            }
            _ => match self.one_in(2) {
                true => Value::Null,
                false => json!({"Service": "ec2.amazonaws.com"}),
            },
        };
        let owner = match self.one_in(2) {
            true => own,
            false => self.any_account(),
        };
        let (buckets, keys) = (self.scale.buckets, self.scale.keys);
        let kinds = if self.is_small() { 9 } else { 6 };
        let (action, resource) = match self.source.below(kinds) {
            6 => (
                "s3:GetObject",
                format!("{}/object/blue/x", access_point(owner)),
            ),
            7 => ("es:ESHttpGet", format!("{}/idx/_search", domain(owner))),
            8 => ("s3:ListAllMyBuckets", "*".to_string()),
            0 => (
                "s3:GetObject",
                format!("{}/blue/x", bucket(owner, self.source.below(buckets))),
            ),
            1 => (
                "s3:PutObject",
                format!("{}/x", bucket(owner, self.source.below(buckets))),
            ),
            2 => ("kms:Decrypt", key(owner, self.source.below(keys))),
            3 => (
                "sts:AssumeRole",
                role(owner, self.source.below(self.scale.roles)),
            ),
            4 => ("s3:ListBucket", bucket(owner, self.source.below(buckets))),
            _ => (self.pick(&ACTIONS), "*".to_string()),
        };
        let mut request = json!({"principal": principal, "action": action, "resource": resource});
        let Some(object) = request.as_object_mut() else {
            return request;
        };
        if self.one_in(4) {
            let document = self.identity(2);
            object.insert("session".to_string(), json!([document]));
        }
        if self.one_in(5) {
            let team = self.pick(&TEAMS);
            object.insert(
                "context".to_string(),
                json!({"aws:principaltag/TEAM": team}),
            );
        } else if self.one_in(8) {
            // The id of somebody, whom policies may name.
            let (own, index) = (self.any_account(), self.source.below(self.scale.roles));
            let id = format!("{}:s1", role_id(own, index));
            object.insert("context".to_string(), json!({"aws:UserId": id}));
        }
        request
    }
}

fn own_policy(owner: usize, index: usize) -> String {
    format!("arn:aws:iam::{}:policy/Own{index}", account(owner))
}

fn role_id(owner: usize, index: usize) -> String {
    format!("AROA{owner:04}X{index:06}")
}
