//! The users and roles inside that can use a resource.

use std::process::ExitCode;

use portcullis_findings::{NOT_COVERED, internal_findings, resource_type};
use serde_json::json;

use super::archive::Rules;
use super::{FindingsArgs, note_archived, note_not_covered};
use crate::answers::Answers;
use crate::decide::Format;
use crate::directory::Opened;
use crate::failure::Failure;
use crate::questions::{conditions, count, example, patterns, reasons, shown, with_people};

pub(super) fn run(
    args: &FindingsArgs,
    opened: &Opened,
    rules: &Rules<'_>,
) -> Result<ExitCode, Failure> {
    let directory = &opened.directory;
    let resource = match &args.resource {
        None => None,
        Some(resource) => Some(directory.known_target(resource).ok_or_else(|| {
            Failure::new(format_args!("the directory does not know `{resource}`"))
        })?),
    };
    let asked = args.asked(Some(directory.principal_count()));
    let mut head = vec![
        "resource",
        "principal",
        "can",
        "actions",
        "depends on",
        "for example",
    ];
    if args.archived {
        head.push("status");
    }
    let head = with_people(directory, &head);
    let mut answers = Answers::new((args.format, args.wide), opened, asked, &head);
    let types = NOT_COVERED.iter().filter(|own| own.contains("RDS"));
    note_not_covered(&mut answers, &types.copied().collect::<Vec<_>>());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut archived = 0;
    for own in internal_findings(directory, args.zone(), resource.as_deref(), threads) {
        let (mut actions, mut but) = (Vec::new(), Vec::new());
        for one in &own.actions {
            let list = if one.negated { &mut but } else { &mut actions };
            list.extend(one.patterns.iter().map(String::as_str));
        }
        let mut object = json!({
            "findingType": "InternalAccess",
            "resource": own.resource,
            "resourceType": resource_type(&own.resource),
            "resourceOwnerAccount": own.owner,
            "principal": { "AWS": own.principal },
            "accessType": own.access_type(),
            "action": actions,
            "notAction": but,
            "answer": own.can.as_str(),
            "requests": shown(&own.can),
            "reasons": reasons(&own.can),
        });
        let is_archived = rules.archive(&object);
        let status = if is_archived { "ARCHIVED" } else { "ACTIVE" };
        if let Some(object) = object.as_object_mut() {
            object.insert("status".to_owned(), json!(status));
        }
        archived += usize::from(is_archived);
        if !is_archived {
            count(&mut answers, &own.can);
        } else if !args.archived && args.format == Format::Human {
            continue;
        }
        let all: Vec<String> = own.actions.iter().map(patterns).collect();
        let (all, on, request) = (all.join(", "), conditions(&own.can), example(&own.can));
        let mut cells = vec![
            own.resource.as_str(),
            &own.principal,
            own.can.as_str(),
            &all,
            &on,
            &request,
        ];
        if args.archived {
            cells.push(status);
        }
        answers.add_principal(object, &own.principal, &cells);
    }
    note_archived(&mut answers, archived);
    answers.finish("no user and no role inside can use a resource of these")
}
