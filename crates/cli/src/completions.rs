//! `completions`: what a shell needs to complete commands, options and their values.
//!
//! Names of actions are too many for a script: it asks this command for those that begin as what was typed.

use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::Shell;

use crate::catalog::DataArgs;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  portcullis completions bash > /etc/bash_completion.d/portcullis"
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(required_unless_present = "actions")]
    shell: Option<Shell>,
    /// Print the actions whose names begin so; scripts ask for them
    #[arg(long, value_name = "START", hide = true, conflicts_with = "shell")]
    actions: Option<String>,
}

/// Behind the script of bash, where a colon separates words: what stands before it is not replaced.
const BASH: &str = r#"
_portcullis_values() {
    local typed="${COMP_LINE:0:COMP_POINT}"
    local word="${typed##*[[:space:]=,]}" before="${typed%"${typed##*[[:space:]=,]}"}"
    if [[ "$before" =~ --action[[:space:]=]([^[:space:]]*,)?$ || "$before" =~ ^[^[:space:]]+[[:space:]]+actions[[:space:]] && "$word" != -* ]]; then
        local all part=""
        [[ "$word" == *:* && "$COMP_WORDBREAKS" == *:* ]] && part="${word%"${word##*:}"}"
        mapfile -t all < <(portcullis completions --actions "$word" 2>/dev/null)
        COMPREPLY=("${all[@]#"$part"}")
        return 0
    fi
    _portcullis "$@"
}
complete -F _portcullis_values -o nosort -o bashdefault -o default portcullis
"#;

const ZSH: &str = r#"
_portcullis_actions() {
    local -a all
    all=(${(f)"$(portcullis completions --actions "$PREFIX" 2>/dev/null)"})
    compadd -a all
}
"#;

const FISH: &str = r#"
complete -c portcullis -n "__fish_seen_subcommand_from actions" -f -a "(portcullis completions --actions (commandline -ct) 2>/dev/null)"
complete -c portcullis -l action -x -a "(portcullis completions --actions (commandline -ct | string replace -r '^--action=' '') 2>/dev/null)"
"#;

/// How the script of zsh calls values that it knows nothing of.
const UNKNOWN: &str = ":ACTION:_default";
const UNKNOWN_OPERATION: &str = "`service operation`:_default'";

pub(crate) fn run(args: &CompletionsArgs, mut command: Command) -> Result<ExitCode, Failure> {
    let mut output = Output::new();
    if let Some(start) = &args.actions {
        let catalog = DataArgs::default().open()?;
        let pattern = format!("{start}*");
        let pattern = match start.contains(':') {
            true => pattern,
            // Services first, as long as none is typed.
            false => {
                for service in catalog.services() {
                    let prefix = service.prefix();
                    if prefix.starts_with(start.as_str()) {
                        output.line(&format!("{prefix}:"))?;
                    }
                }
                String::new()
            }
        };
        for action in catalog.expand(&pattern) {
            output.line(&action.to_string())?;
        }
    }
    if let Some(shell) = args.shell {
        // Through memory, because the generator takes a failed write for a reason to abort.
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, "portcullis", &mut script);
        let script = String::from_utf8(script).map_err(Failure::new)?;
        let script = match shell {
            Shell::Bash => script + BASH,
            Shell::Zsh => {
                let script = script.replace(UNKNOWN, ":ACTION:_portcullis_actions");
                let script = script.replace(
                    UNKNOWN_OPERATION,
                    "`service operation`:_portcullis_actions'",
                );
                // Functions stand before what calls them.
                script.replacen("\n_portcullis() {", &format!("{ZSH}\n_portcullis() {{"), 1)
            }
            Shell::Fish => script + FISH,
            _ => script,
        };
        output.bytes(script.as_bytes())?;
    }
    output.finish()?;
    Ok(ExitCode::SUCCESS)
}
