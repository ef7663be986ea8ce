#!/bin/sh
# Writes what portcullis reads of an account, its organization and Identity Center into a folder:
#
#   portcullis collect --print > collect.sh
#   sh collect.sh FOLDER [REGION…]          # regions: those named, else that of the profile
#   portcullis who-can --directory FOLDER --action s3:GetObject --resource 'arn:aws:s3:::BUCKET/*'
#
# Needs the AWS CLI, version 2, and nothing else. It only reads. Run it again with credentials of other accounts and
# the same folder: each account has a folder of its own. Its answers hold no secrets but all policies: keep them so.
#
# WITH WHICH PERMISSIONS. The managed policy SecurityAudit has nearly all of them; by name:
#   account:          sts:GetCallerIdentity iam:GetAccountAuthorizationDetails
#   organization      organizations:Describe* organizations:List* (in the management account or a delegated
#                     administrator; elsewhere this part says what it was refused)
#   Identity Center   sso:List* sso:Describe* sso:Get* identitystore:List* (where the instance is at home)
#   resources         s3:ListAllMyBuckets s3:GetBucketPolicy s3:GetBucketAcl s3:GetBucketOwnershipControls
#                     s3:GetBucketPublicAccessBlock s3:GetBucketTagging s3:GetBucketAbac s3:GetAccountPublicAccessBlock
#                     s3:ListAccessPoints s3:GetAccessPoint s3:GetAccessPointPolicy
#                     kms:ListKeys kms:DescribeKey kms:GetKeyPolicy kms:ListGrants sqs:ListQueues
#                     sqs:GetQueueAttributes sns:ListTopics sns:GetTopicAttributes lambda:ListFunctions
#                     lambda:GetPolicy secretsmanager:ListSecrets secretsmanager:GetResourcePolicy
#                     ecr:DescribeRepositories ecr:GetRepositoryPolicy ec2:DescribeVpcEndpoints dynamodb:ListTables
#                     dynamodb:GetResourcePolicy elasticfilesystem:DescribeFileSystems
#                     elasticfilesystem:DescribeFileSystemPolicy backup:ListBackupVaults
#                     backup:GetBackupVaultAccessPolicy events:ListEventBuses logs:DescribeResourcePolicies
#                     glue:GetResourcePolicy
#
# WHAT IT LEAVES OUT. Objects and their tags and access control lists; policies of other services (API Gateway, IoT,
# OpenSearch, CodeArtifact, Glacier, media services, …), of versions and aliases of functions and of streams; how long
# sessions of roles may last (get-role); policies of AWS that nothing in the account has, which permission sets may
# (name a pack: --managed-policies). What it asked for and did not get stands in not-collected.jsonl, and answers that
# may rest on it say so.

set -u
export AWS_PAGER=
umask 077

folder=${1:?usage: sh collect.sh FOLDER [REGION…]}
shift
mkdir -p "$folder" || exit 1
error=$folder/.error
: > "$folder/.failed"

# What says that there is nothing of the kind.
NONE='NoSuchBucketPolicy|NoSuchTagSet|NoSuchPublicAccessBlockConfiguration|OwnershipControlsNotFoundError'
NONE="$NONE|NoSuchAccessPointPolicy|ResourceNotFoundException|RepositoryPolicyNotFoundException|PolicyNotFound|PolicyNotFoundException"
NONE="$NONE|EntityNotFoundException|AWSOrganizationsNotInUseException|NoSuchAbacConfiguration"

# failed COMMAND…: notes that a command gave nothing, and why.
failed() {
    reason=$(tr -d '"\\' < "$error" | tr '\n\t\r' '   ' | cut -c 1-300)
    printf '{"notCollected": "aws %s", "reason": "%s"}\n' \
        "$(printf '%s' "$*" | tr -d '"\\' | tr '\n\t' '  ')" "$reason" >> "$folder/.failed"
    printf 'not collected: aws %s: %s\n' "$*" "$reason" >&2
}

# get FILE COMMAND…: the answer of a command, as a file. False if there is none.
get() {
    file=$folder/$1.json
    shift
    mkdir -p "$(dirname "$file")"
    if aws "$@" --output json > "$file.part" 2> "$error"; then
        # Some commands print nothing where there is nothing.
        if [ -s "$file.part" ]; then mv "$file.part" "$file"; else rm -f "$file.part"; fi
        return 0
    fi
    rm -f "$file.part"
    if ! grep -Eq "$NONE" "$error"; then failed "$@"; fi
    return 1
}

# names QUERY COMMAND…: what a command lists, one on each line.
names() {
    query=$1
    shift
    if aws "$@" --query "$query" --output text 2> "$error" | tr '\t' '\n' | grep -v '^None$' | grep -v '^$'; then
        :
    elif [ -s "$error" ] && ! grep -Eq "$NONE" "$error"; then
        failed "$@"
    fi
}

# A name as a name of a file.
flat() { printf '%s' "$1" | tr '/:' '__'; }

account=$(aws sts get-caller-identity --query Account --output text 2> "$error") || {
    cat "$error" >&2
    exit 1
}
[ $# -gt 0 ] || set -- "$(aws configure get region 2> /dev/null || echo us-east-1)"
own=$account

echo "account $account, regions: $*" >&2
get "$own/account" iam get-account-authorization-details

# --- Organization -----------------------------------------------------------------------------------------------
units() {
    get "organization/$1/units" organizations list-organizational-units-for-parent --parent-id "$1"
    get "organization/$1/accounts" organizations list-accounts-for-parent --parent-id "$1"
    for unit in $(names 'OrganizationalUnits[].Id' organizations list-organizational-units-for-parent --parent-id "$1"); do
        units "$unit"
    done
}
if get organization/organization organizations describe-organization; then
    management=$(names 'Organization.MasterAccountId' organizations describe-organization)
    if [ "$management" = "$account" ] || aws organizations list-roots > /dev/null 2> "$error"; then
        get organization/roots organizations list-roots
        for root in $(names 'Roots[].Id' organizations list-roots); do units "$root"; done
        for kind in SERVICE_CONTROL_POLICY RESOURCE_CONTROL_POLICY; do
            for policy in $(names 'Policies[].Id' organizations list-policies --filter "$kind"); do
                get "organization/policies/$policy" organizations describe-policy --policy-id "$policy"
                get "organization/targets/$policy" organizations list-targets-for-policy --policy-id "$policy"
            done
        done
    else
        # The control policies above a member account are known to others.
        rm -f "$folder/organization/organization.json"
        failed organizations list-roots
    fi
fi

# --- Identity Center --------------------------------------------------------------------------------------------
for region in "$@"; do
    for instance in $(names 'Instances[].InstanceArn' sso-admin list-instances --region "$region"); do
        center=identity-center/$region
        store=$(names "Instances[?InstanceArn=='$instance'].IdentityStoreId" sso-admin list-instances --region "$region")
        get "$center/permission-sets" sso-admin list-permission-sets --region "$region" --instance-arn "$instance"
        for set in $(names 'PermissionSets[]' sso-admin list-permission-sets --region "$region" --instance-arn "$instance"); do
            at=$center/${set##*/}
            with="--region $region --instance-arn $instance --permission-set-arn $set"
            # shellcheck disable=SC2086
            {
                get "$at/set" sso-admin describe-permission-set $with
                get "$at/inline-policy" sso-admin get-inline-policy-for-permission-set $with
                get "$at/managed-policies" sso-admin list-managed-policies-in-permission-set $with
                get "$at/customer-policies" sso-admin list-customer-managed-policy-references-in-permission-set $with
                if ! get "$at/boundary" sso-admin get-permissions-boundary-for-permission-set $with &&
                    grep -q ResourceNotFoundException "$error"; then
                    printf '{"permissionSet": "%s", "PermissionsBoundary": null}\n' "$set" > "$folder/$at/boundary.json"
                fi
                for target in $(names 'AccountIds[]' sso-admin list-accounts-for-provisioned-permission-set $with); do
                    get "$at/assignments/$target" sso-admin list-account-assignments $with --account-id "$target"
                done
            }
        done
        get "$center/attributes" sso-admin describe-instance-access-control-attribute-configuration \
            --region "$region" --instance-arn "$instance"
        get "$center/users" identitystore list-users --region "$region" --identity-store-id "$store"
        get "$center/groups" identitystore list-groups --region "$region" --identity-store-id "$store"
        for group in $(names 'Groups[].GroupId' identitystore list-groups --region "$region" --identity-store-id "$store"); do
            get "$center/members/$group" identitystore list-group-memberships --region "$region" \
                --identity-store-id "$store" --group-id "$group"
        done
    done
done

# --- Buckets and access points ----------------------------------------------------------------------------------
get "$own/s3/$account.public-access-block" s3control get-public-access-block --account-id "$account"
for bucket in $(names 'Buckets[].Name' s3api list-buckets); do
    get "$own/s3/$bucket.policy" s3api get-bucket-policy --bucket "$bucket"
    get "$own/s3/$bucket.acl" s3api get-bucket-acl --bucket "$bucket"
    get "$own/s3/$bucket.ownership-controls" s3api get-bucket-ownership-controls --bucket "$bucket"
    get "$own/s3/$bucket.public-access-block" s3api get-public-access-block --bucket "$bucket"
    get "$own/s3/$bucket.tags" s3api get-bucket-tagging --bucket "$bucket"
    get "$own/s3/$bucket.abac" s3api get-bucket-abac --bucket "$bucket"
done

# --- Everything that has a region ---------------------------------------------------------------------------------
for region in "$@"; do
    at=$own/$region
    in="--region $region"
    # shellcheck disable=SC2086
    {
        for point in $(names 'AccessPointList[].Name' s3control list-access-points $in --account-id "$account"); do
            get "$at/access-points/$point" s3control get-access-point $in --account-id "$account" --name "$point"
            get "$at/access-points/$point.policy" s3control get-access-point-policy $in --account-id "$account" --name "$point"
        done
        for key in $(names 'Keys[].KeyId' kms list-keys $in); do
            get "$at/kms/$key.key" kms describe-key $in --key-id "$key"
            get "$at/kms/$key" kms get-key-policy $in --key-id "$key" --policy-name default
            get "$at/kms/$key.grants" kms list-grants $in --key-id "$key"
        done
        for queue in $(names 'QueueUrls[]' sqs list-queues $in); do
            get "$at/sqs/$(flat "${queue##*/}")" sqs get-queue-attributes $in --queue-url "$queue" --attribute-names All
        done
        for topic in $(names 'Topics[].TopicArn' sns list-topics $in); do
            get "$at/sns/$(flat "${topic##*:}")" sns get-topic-attributes $in --topic-arn "$topic"
        done
        for function in $(names 'Functions[].FunctionName' lambda list-functions $in); do
            get "$at/lambda/$function" lambda get-policy $in --function-name "$function"
        done
        for secret in $(names 'SecretList[].ARN' secretsmanager list-secrets $in); do
            get "$at/secrets/$(flat "${secret##*:}")" secretsmanager get-resource-policy $in --secret-id "$secret"
        done
        for repository in $(names 'repositories[].repositoryName' ecr describe-repositories $in); do
            get "$at/ecr/$(flat "$repository")" ecr get-repository-policy $in --repository-name "$repository"
        done
        for table in $(names 'TableNames[]' dynamodb list-tables $in); do
            get "$at/dynamodb/$table" dynamodb get-resource-policy $in \
                --resource-arn "arn:aws:dynamodb:$region:$account:table/$table"
        done
        for system in $(names 'FileSystems[].FileSystemId' efs describe-file-systems $in); do
            get "$at/efs/$system" efs describe-file-system-policy $in --file-system-id "$system"
        done
        for vault in $(names 'BackupVaultList[].BackupVaultName' backup list-backup-vaults $in); do
            get "$at/backup/$vault" backup get-backup-vault-access-policy $in --backup-vault-name "$vault"
        done
        get "$at/event-buses" events list-event-buses $in
        get "$at/vpc-endpoints" ec2 describe-vpc-endpoints $in
        get "$at/log-policies" logs describe-resource-policies $in
        get "$at/glue" glue get-resource-policy $in
    }
done

find "$folder" -type d -empty -exec rmdir {} + 2> /dev/null
rm -f "$error"
if [ -s "$folder/.failed" ]; then
    mv "$folder/.failed" "$folder/$own/not-collected.jsonl"
    echo "some of it was not collected: see $folder/$own/not-collected.jsonl; answers need --allow-missing and say so" >&2
else
    rm -f "$folder/.failed" "$folder/$own/not-collected.jsonl"
fi
echo "done: portcullis admins --directory $folder" >&2
