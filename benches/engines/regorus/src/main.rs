//! Adapter: regorus. The usual variant is the interpreter; `rvm` compiles the same rules for its
//! virtual machine; `indexed` has the statements as data by bucket, as a user who knows his policies'
//! shape writes by hand, decided by the interpreter; `indexed-rvm` the same by the machine.

mod translate;

use std::num::{NonZeroU32, NonZeroUsize};
use std::process::ExitCode;

use engine_shared::{Answer, Bench, Failure, Workload, broken, run, unsupported};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::utils::limits::PolicyLengthConfig;
use regorus::{Engine, Value};

const RULE: &str = "data.aws.decision";

fn main() -> ExitCode {
    run(adapter)
}

fn answer(value: &Value) -> Answer {
    let text = value.as_string().ok().map(|text| text.to_string());
    text.and_then(|text| Answer::parse(&text))
        .unwrap_or(Answer::Deny)
}

fn engine(rules: &str, data: Option<&str>) -> Result<Engine, Failure> {
    let mut engine = Engine::new();
    // The default limits are guards against strangers' policies, not properties of the engine.
    engine.set_policy_length_config(PolicyLengthConfig {
        max_col: NonZeroU32::MAX,
        max_file_bytes: NonZeroUsize::MAX,
        max_lines: NonZeroUsize::MAX,
    });
    engine
        .add_policy("aws.rego".into(), rules.into())
        .map_err(broken)?;
    if let Some(data) = data {
        engine.add_data_json(data).map_err(broken)?;
    }
    Ok(engine)
}

fn adapter(workload: &Workload, mut bench: Bench) -> Result<(), Failure> {
    let variant = bench.variant().to_string();
    let (rules, data) = match variant.starts_with("indexed") {
        true => translate::indexed(workload)?,
        false => (translate::rules(workload)?, None),
    };
    let kinds = workload.kinds()?;
    let inputs = workload
        .requests
        .iter()
        .map(|request| Value::from_json_str(&translate::input(request, &kinds)).map_err(broken));
    let inputs: Vec<Value> = inputs.collect::<Result<_, _>>()?;
    if variant.ends_with("rvm") {
        let mut machine = bench.load(|| {
            let mut engine = engine(&rules, data.as_deref())?;
            let policy = engine
                .compile_with_entrypoint(&RULE.into())
                .map_err(broken)?;
            let program = Compiler::compile_from_policy(&policy, &[RULE])
                .map_err(|error| unsupported(format!("the machine refuses the rules: {error}")))?;
            let mut machine = RegoVM::new();
            machine.set_max_instructions(usize::MAX);
            machine.load_program(program);
            if let Some(data) = &data {
                let data = Value::from_json_str(data).map_err(broken)?;
                machine.set_data(data).map_err(broken)?;
            }
            Ok(machine)
        })?;
        return bench.run(inputs.len(), |index| {
            machine.set_input(inputs[index].clone());
            machine
                .execute()
                .map_or(Answer::Deny, |value| answer(&value))
        });
    }
    let mut engine = bench.load(|| {
        let mut engine = engine(&rules, data.as_deref())?;
        // The first evaluation prepares what later ones use.
        engine.set_input(Value::new_object());
        let _ = engine.eval_rule(RULE.into());
        Ok(engine)
    })?;
    bench.run(inputs.len(), |index| {
        engine.set_input(inputs[index].clone());
        engine
            .eval_rule(RULE.into())
            .map_or(Answer::Deny, |value| answer(&value))
    })
}
