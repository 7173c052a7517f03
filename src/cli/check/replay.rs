//! Builds the flags that repeat a run for one case, for reports. Secrets are left out.

use std::path::PathBuf;

use super::super::quoting::quoted;
use super::super::{args, profile};

/// All flags that affect a case, as typed; starts with a space unless it is empty.
pub(in super::super) fn flags(typed: &args::Check) -> String {
    let mut flags = Flags::default();
    let text = |value: &Option<String>| value.clone();
    let json = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
    flags.option("--target", text(&typed.target.target));
    flags.option("--exec", text(&typed.target.exec));
    let transport = typed.transport.map(|transport| transport.meant().to_string());
    flags.option("--transport", transport);
    flags.option("--vsn", typed.target.vsn.map(|vsn| vsn.meant().to_string()));
    for (name, _) in &typed.target.params {
        flags.option("--param", Some(format!("{name}=…")));
    }
    for (name, _) in &typed.target.headers {
        flags.option("--header", Some(format!("{name}: …")));
    }
    for (name, _) in &typed.target.variables {
        flags.option("--var", Some(format!("{name}=…")));
    }
    flags.switch(typed.target.compress.map(args::CompressArg::flag));
    network(&typed.target.network, &mut flags);
    flags.option("--topic", text(&typed.room.topic));
    flags.option("--join-params", json(&typed.room.join_params));
    flags.option("--other-topic", text(&typed.room.other_topic));
    flags.option("--other-join-params", json(&typed.room.other_join_params));
    flags.option(
        "--push",
        typed
            .room
            .push
            .as_ref()
            .map(|(event, payload)| format!("{event}={payload}")),
    );
    flags.option("--unknown-topic", text(&typed.room.unknown_topic));
    // The report names the detected profile instead of `auto`.
    let named = typed
        .judging
        .profile
        .as_ref()
        .filter(|name| *name != profile::AUTO);
    flags.option("--profile", named.cloned());
    flags.switch(typed.judging.strict.then_some("--strict"));
    flags.switch(typed.safe.then_some("--safe"));
    flags.switch(typed.no_safe.then_some("--no-safe"));
    flags.option(
        "--timeout",
        typed
            .timeout
            .map(|timeout| humantime::format_duration(timeout).to_string()),
    );
    flags.option(
        "--config",
        typed
            .config
            .config
            .as_ref()
            .map(|path| path.display().to_string()),
    );
    flags.text
}

/// The flags that say how the target is reached, as typed; starts with a space unless it is empty.
pub(in super::super) fn network_flags(typed: &args::Network) -> String {
    let mut flags = Flags::default();
    network(typed, &mut flags);
    flags.text
}

/// The flags that say how the target is reached; files are named, and the password of a proxy is left out.
fn network(typed: &args::Network, flags: &mut Flags) {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    flags.option("--cacert", path(&typed.cacert));
    flags.switch(typed.insecure.then_some("--insecure"));
    flags.option("--cert", path(&typed.cert));
    flags.option("--key", path(&typed.key));
    for resolve in &typed.resolve {
        flags.option("--resolve", Some(resolve.to_string()));
    }
    flags.option(
        "--proxy",
        typed.proxy.as_ref().map(|proxy| format!("http://{proxy}")),
    );
}

#[derive(Default)]
struct Flags {
    text: String,
}

impl Flags {
    fn option(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.text.push_str(&format!(" {name} {}", quoted(&value)));
        }
    }

    fn switch(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.text.push_str(&format!(" {name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn of(line: &[&str]) -> String {
        let line = ["phxproof", "check"].into_iter().chain(line.iter().copied());
        match args::Cli::try_parse_from(line).unwrap().command {
            args::Command::Check(check) => flags(&check),
            _ => unreachable!("it is check"),
        }
    }

    #[test]
    fn what_was_typed_is_typed_again_without_secrets() {
        assert_eq!(of(&["join/*", "--jobs", "2", "--quiet"]), "");
        assert_eq!(of(&["--profile", "auto"]), "");
        assert_eq!(
            of(&["--profile", "phoenix-1.8.9-bandit"]),
            " --profile phoenix-1.8.9-bandit"
        );
        let typed = [
            "--target",
            "ws://a/socket",
            "--param",
            "token=abc",
            "--header",
            "Authorization: Bearer x",
        ];
        assert_eq!(
            of(&typed),
            " --target ws://a/socket --param 'token=…' --header 'Authorization: …'"
        );
        let typed = [
            "--target",
            "wss://a.test/socket",
            "--cacert",
            "ca.pem",
            "--compress=no-takeover",
            "--insecure",
            "--cert",
            "me.pem",
            "--key",
            "me.key",
            "--resolve",
            "a.test:443:[::1],127.0.0.1",
            "--proxy",
            "http://me:secret@p.test:3128",
        ];
        assert_eq!(
            of(&typed),
            " --target wss://a.test/socket --compress=no-takeover --cacert ca.pem --insecure --cert me.pem --key me.key \
             --resolve a.test:443:::1,127.0.0.1 --proxy http://p.test:3128"
        );
        let typed = [
            "--join-params",
            "{\"it's\": 1}",
            "--timeout",
            "1500ms",
            "--strict",
        ];
        assert_eq!(
            of(&typed),
            r#" --join-params '{"it'\''s":1}' --strict --timeout '1s 500ms'"#
        );
    }
}
