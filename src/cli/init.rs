//! The `init` command writes commented settings, a first scenario and a CI workflow into a project. It asks nothing, and
//! replaces no file without `--force`.

use std::fs;
use std::path::Path;

use super::args::Init;
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::output;
use crate::scenario;
use crate::transport::Target;

/// The files with their paths below the project's folder.
const FILES: [(&str, &str); 3] = [
    ("phxproof.toml", include_str!("init/phxproof.toml")),
    ("phxproof/first.yaml", include_str!("init/first.yaml")),
    (
        ".github/workflows/phxproof.yml",
        include_str!("init/workflow.yml"),
    ),
];

/// What a Phoenix application has unless it was told otherwise.
const USUAL_URL: &str = "ws://127.0.0.1:4000/socket";
const USUAL_TOPIC: &str = "room:lobby";

/// Writes the files.
pub(super) fn run(args: &Init) -> Result<Exit, CliError> {
    let url = args.target.as_deref().unwrap_or(USUAL_URL);
    Target::parse(url).map_err(|why| {
        Complaint::new(format!("--target {url:?}: {why}")).expected("a URL, as ws://127.0.0.1:4000/socket")
    })?;
    let files = FILES.map(|(path, template)| (path, filled(path, template, url, args)));
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".yaml")) {
        // A topic or an event may hold what means something else in a scenario.
        scenario::read(path, text)?;
    }
    let there: Vec<&str> = FILES
        .iter()
        .map(|(path, _)| *path)
        .filter(|path| Path::new(path).exists())
        .collect();
    if !there.is_empty() && !args.force {
        return Err(Complaint::new(format!("{} exists already", there.join(", ")))
            .next("nothing was written; --force replaces it")
            .into());
    }
    for (path, text) in &files {
        write(Path::new(path), text)?;
    }
    output::print(&report(&files, args))?;
    Ok(Exit::Held)
}

/// A template with the user's values.
fn filled(path: &str, template: &str, url: &str, args: &Init) -> String {
    let topic = args.topic.as_deref().unwrap_or(USUAL_TOPIC);
    let is_settings = path.ends_with(".toml");
    let push = match (&args.push, is_settings) {
        (Some((event, payload)), true) => format!("push = {}", quoted(&format!("{event}={payload}"))),
        (Some((event, payload)), false) => {
            format!("  - ana: {{ push: {}, with: {payload} }}", quoted(event))
        }
        (None, true) => "# push = { ping = {} }".to_owned(),
        (None, false) => {
            "  # The reply to a push; `reply: none` where the channel returns {:noreply, socket}:\n  \
             # - ana: { push: ping, with: { a: 1 } }"
                .to_owned()
        }
    };
    template
        .replace("@URL@", &quoted(url))
        .replace("@TOPIC@", &quoted(topic))
        .replace("@PUSH@", &push)
        .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
}

/// A text in double quotes, which TOML and YAML read as JSON does.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn write(path: &Path, text: &str) -> Result<(), Complaint> {
    let unwritten = |why: std::io::Error| {
        Complaint::new(format!("cannot write {}: {why}", path.display()))
            .next("run `phxproof init` in a folder that you may write to")
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unwritten)?;
    }
    fs::write(path, text).map_err(unwritten)
}

/// What was written, and what to do next.
fn report(files: &[(&str, String)], args: &Init) -> String {
    let mut text: String = files.iter().map(|(path, _)| format!("wrote {path}\n")).collect();
    if args.topic.is_none() {
        text.push_str(&format!(
            "\nThe topic is {USUAL_TOPIC}; if yours has another name, change `topic` in phxproof.toml and in phxproof/first.yaml.\n"
        ));
    }
    text.push_str(
        "\nNext, with your server running:\n  phxproof check '*' phxproof/first.yaml\n  phxproof load phxproof/first.yaml\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::args::{Cli, Command};
    use super::*;

    fn written(flags: &[&str]) -> Vec<(&'static str, String)> {
        let line = ["phxproof", "init"].iter().chain(flags);
        let Command::Init(args) = Cli::try_parse_from(line).unwrap().command else {
            unreachable!("init was typed");
        };
        FILES
            .map(|(path, template)| (path, filled(path, template, USUAL_URL, &args)))
            .to_vec()
    }

    #[test]
    fn what_is_written_can_be_read_with_any_topic_and_push() {
        let odd = ["--topic", "röom:\"a\\b#: '", "--push", "pi\"ng={\"a\":[1,null]}"];
        for flags in [&[][..], &odd[..2], &odd[2..], &odd[..]] {
            let files = written(flags);
            toml::from_str::<toml::Table>(&files[0].1).unwrap_or_else(|why| panic!("{why}"));
            scenario::read(files[1].0, &files[1].1).unwrap_or_else(|why| panic!("{why}"));
            let left = files[..2].iter().find(|(_, text)| text.contains('@'));
            assert_eq!(left, None);
        }
    }

    #[test]
    fn the_settings_show_what_was_asked_for() {
        let files = written(&["--topic", "room:1", "--push", "ping={\"a\":1}"]);
        insta::assert_snapshot!(files[0].1);
        insta::assert_snapshot!(files[1].1);
    }
}
