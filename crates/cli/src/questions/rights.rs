//! Questions about the most that there is to have: administrators, and ways to be one.

use std::process::ExitCode;

use bumpalo::Bump;
use portcullis_findings::{Asker, Can, escalations, of_each};
use serde_json::{Value, json};

use super::who::known;
use super::{
    AdminsArgs, Asking, EscalateArgs, conditions, count, keys_in_words, patterns, reasons, shown,
    with_people, written,
};
use crate::answers::{Answers, Asked};
use crate::directory::Keep;
use crate::failure::Failure;

pub(crate) fn admins(args: &AdminsArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let context = args.common.asking.context("iam:CreateUser", "*", &arena)?;
    let opened = args.common.asking.directory.open(Keep::Decisions)?;
    let directory = &opened.directory;
    written(directory)?;
    Asking::tell(directory, &[]);
    let askers = match &args.principal {
        None => Asker::all(directory, &arena),
        Some(principal) => vec![known(directory, principal, &arena)?],
    };
    let asked = Asked {
        question: "admins",
        words: "everything".to_string(),
        members: json!({ "principal": args.principal }),
        context,
        principals: Some(askers.len()),
    };
    let head = with_people(
        directory,
        &["principal", "administrator", "depends on", "but"],
    );
    let mut answers = Answers::new(args.common.look(), &opened, asked, &head);
    let threads = args.common.asking.threads();
    let all = of_each(
        directory,
        (context, None),
        &askers,
        threads,
        |questions, asker, _| questions.administrator(asker),
    );
    for (asker, found) in askers.iter().zip(all) {
        let Some(admin) = found else { continue };
        let arn = asker.arn().unwrap_or_default();
        count(&mut answers, &admin.can);
        let exceptions = admin.exceptions.iter().map(|own| {
            json!({
                "actions": own.actions.patterns,
                "allBut": own.actions.negated,
                "answer": own.can.as_str(),
                "requests": shown(&own.can),
            })
        });
        let object = json!({
            "principal": arn,
            "answer": admin.can.as_str(),
            "requests": shown(&admin.can),
            "reasons": reasons(&admin.can),
            "exceptions": exceptions.collect::<Vec<_>>(),
        });
        let but = admin.exceptions.iter().map(|own| match own.can {
            Can::No => patterns(&own.actions),
            _ => format!("{} (in part)", patterns(&own.actions)),
        });
        let but = but.collect::<Vec<_>>().join(", ");
        let on = conditions(&admin.can);
        answers.add_principal(object, arn, &[arn, admin.can.as_str(), &on, &but]);
    }
    answers.finish(match &args.principal {
        None => "no user and no role is an administrator",
        Some(_) => "it is no administrator",
    })
}

pub(crate) fn escalate(args: &EscalateArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let context = args.common.asking.context("iam:CreateUser", "*", &arena)?;
    // Explanations say which groups a user is in.
    let opened = args.common.asking.directory.open(Keep::Explanations)?;
    let directory = &opened.directory;
    written(directory)?;
    Asking::tell(directory, &[]);
    if let Some(principal) = &args.principal {
        known(directory, principal, &arena)?;
    }
    let asked = Asked {
        question: "escalate",
        words: format!(
            "ways to be an administrator of at most {} steps",
            args.steps
        ),
        members: json!({ "steps": args.steps, "principal": args.principal }),
        context,
        principals: Some(match args.principal {
            None => directory.principal_count(),
            Some(_) => 1,
        }),
    };
    let columns = ["principal", "steps", "path", "reaches", "depends on", "by"];
    let head = with_people(directory, &columns);
    let mut answers = Answers::new(args.common.look(), &opened, asked, &head);
    let threads = args.common.asking.threads();
    // The ways of one lead through others, and so all of them are looked for.
    let all = escalations(directory, (context, None), args.steps, threads);
    let is_asked = |arn: &str| args.principal.as_deref().is_none_or(|own| own == arn);
    for one in all.found.into_iter().filter(|one| is_asked(&one.arn)) {
        let can = match one.is_conditional {
            true => Can::If(one.requests.clone()),
            false => Can::Yes(one.requests.first().cloned().unwrap_or_default()),
        };
        count(&mut answers, &can);
        let object = json!({
            "principal": one.arn,
            "path": one.path,
            "reaches": one.reached,
            "steps": one.steps,
            "answer": can.as_str(),
            "requests": shown(&Can::If(one.requests.clone())),
            "assumes": one.assumes,
        });
        let mut on = match one.is_conditional {
            true => one
                .requests
                .iter()
                .map(|own| keys_in_words(&own.keys))
                .collect(),
            false => Vec::new(),
        };
        on.retain(|own: &String| !own.is_empty());
        if !one.assumes.is_empty() {
            on.push(one.assumes.to_owned());
        }
        let by = one
            .requests
            .iter()
            .map(|own| format!("{} on {}", own.action, own.resource));
        let by = by.collect::<Vec<_>>().join(", ");
        let steps = one.steps.to_string();
        let cells = [
            one.arn.as_str(),
            &steps,
            one.path,
            &one.reached,
            &on.join("; "),
            &by,
        ];
        answers.add_principal(object, &one.arn, &cells);
    }
    let unknown = all.unknown.into_iter();
    for (principal, path, reasons) in unknown.filter(|(principal, ..)| is_asked(principal)) {
        answers.open += 1;
        let object = json!({
            "principal": principal,
            "path": path,
            "reaches": Value::Null,
            "steps": Value::Null,
            "answer": "unknown",
            "requests": [],
            "assumes": "",
            "reasons": reasons,
        });
        let cells = [
            principal.as_str(),
            "?",
            path,
            "unknown",
            &reasons.join("; "),
            "",
        ];
        answers.add_principal(object, &principal, &cells);
    }
    let is_one = |own: &String| all.administrators.contains(own);
    answers.finish(match &args.principal {
        None => {
            "no user and no role that is no administrator can become one by the paths that are known"
        }
        Some(own) if is_one(own) => "it is an administrator already (`portcullis admins` tells how)",
        Some(_) => "it cannot become an administrator by the paths that are known",
    })
}
