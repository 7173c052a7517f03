//! `completions`: writes the shell completions for commands, flags, scenarios, cases, faults, rules and profiles.

use clap::CommandFactory;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

use super::args::{Cli, Completions};
use super::exit::{CliError, Exit};
use super::output;
use crate::conformance::{self, rules};
use crate::load;
use crate::profile::Profile;
use crate::server::faults;

/// The possible values of an argument of a command.
struct Named {
    command: &'static str,
    /// Its id: the field of the arguments' struct.
    argument: &'static str,
    /// Its flag; nothing if it is positional.
    flag: Option<&'static str>,
    names: Vec<&'static str>,
}

/// Prints the script.
pub(super) fn run(args: &Completions) -> Result<Exit, CliError> {
    output::print(&script(args.shell))?;
    Ok(Exit::Held)
}

/// The completion script of a shell, including the names.
fn script(shell: Shell) -> String {
    let named = named();
    let mut command = Cli::command();
    for it in &named {
        let names = PossibleValuesParser::new(it.names.clone());
        command = command.mut_subcommand(it.command, |command| {
            command.mut_arg(it.argument, |argument| argument.value_parser(names))
        });
    }
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "phxproof", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if shell == Shell::Fish {
        script.push_str(&of_fish(&named));
    }
    script
}

/// The arguments with their possible names.
fn named() -> Vec<Named> {
    let cases = || conformance::built_in().iter().map(|it| &*it.id);
    let loads = || load::built_in().iter().map(|it| it.name);
    let rules = || rules::all().map(|it| it.id);
    let faults = || faults::all().map(|it| it.id);
    let profiles = || Profile::candidates().map(Profile::name);
    let of = |command, argument, flag, names| Named {
        command,
        argument,
        flag,
        names,
    };
    vec![
        of("check", "cases", None, cases().collect()),
        of("check", "profile", Some("profile"), profiles().collect()),
        of("load", "scenarios", None, loads().collect()),
        of("show", "id", None, loads().chain(cases()).collect()),
        of("explain", "id", None, rules().chain(cases()).collect()),
        of("serve", "faults", Some("fault"), faults().collect()),
        of("serve", "profile", Some("profile"), profiles().collect()),
    ]
}

/// Completions of positional arguments for fish, which clap_complete does not generate.
fn of_fish(named: &[Named]) -> String {
    let without_flag = named.iter().filter(|it| it.flag.is_none());
    without_flag
        .map(|it| {
            format!(
                "complete -c phxproof -n \"__fish_seen_subcommand_from {}\" -a \"{}\"\n",
                it.command,
                it.names.join(" ")
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_has_the_names() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(shell);
            for name in [
                "join/ok",
                "slow-consumer",
                "broadcast-lost",
                "refs-echoed",
                "phoenix-1.7.21-cowboy",
            ] {
                assert!(script.contains(name), "{shell} does not know {name}");
            }
        }
    }
}
