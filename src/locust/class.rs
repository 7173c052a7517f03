//! The user classes of a locustfile: each stands for a scenario, and its name is made of the scenario's name.

use std::path::Path;

/// The words that no Python class can have as its name.
const RESERVED: [&str; 38] = [
    "False",
    "None",
    "True",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "User",
    "FastHttpUser",
    "HttpUser",
];

/// The user classes of the scenarios of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classes(Vec<String>);

/// Two scenarios whose user classes have the same name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{one} and {other} would both be the user class `{class}`; give one of the files another name")]
pub struct AmbiguousClass {
    /// The first scenario.
    pub one: String,
    /// The second scenario.
    pub other: String,
    /// The name of both.
    pub class: String,
}

impl Classes {
    /// The classes of these scenarios, in their order.
    ///
    /// # Errors
    /// Two of them have the same name.
    pub fn of<'s>(scenarios: impl IntoIterator<Item = &'s str>) -> Result<Self, AmbiguousClass> {
        let mut known: Vec<(&str, String)> = Vec::new();
        for scenario in scenarios {
            let class = class_name(scenario);
            if let Some((one, _)) = known.iter().find(|(_, it)| *it == class) {
                return Err(AmbiguousClass {
                    one: (*one).to_owned(),
                    other: scenario.to_owned(),
                    class,
                });
            }
            known.push((scenario, class));
        }
        Ok(Self(known.into_iter().map(|(_, class)| class).collect()))
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The place of a class among them.
    pub(super) fn position(&self, class: &str) -> Option<usize> {
        self.0.iter().position(|it| it == class)
    }
}

/// The name of the user class of a scenario: `slow-consumer` is `slow_consumer`, and `scenarios/chat.yaml` is `chat`.
pub fn class_name(scenario: &str) -> String {
    let path = Path::new(scenario);
    let is_file = path.extension().is_some_and(|it| it == "yaml" || it == "yml");
    let name = match path.file_stem().filter(|_| is_file) {
        Some(stem) => stem.to_string_lossy().into_owned(),
        None => scenario.to_owned(),
    };
    let fit = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '_'
        }
    };
    let name: String = name.chars().map(fit).collect();
    if name.starts_with(|first: char| !first.is_ascii_alphabetic()) || RESERVED.contains(&&*name) {
        format!("scenario_{name}")
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_a_name_that_python_takes() {
        let names = [
            "echo",
            "slow-consumer",
            "my scenarios/chat room.yaml",
            "join/ok",
            "2fast.yml",
            "class.yaml",
        ];
        assert_eq!(
            names.map(class_name),
            [
                "echo",
                "slow_consumer",
                "chat_room",
                "join_ok",
                "scenario_2fast",
                "scenario_class"
            ]
        );
    }

    #[test]
    fn two_scenarios_of_one_name_are_refused() {
        let both = Classes::of(["a/chat.yaml", "b/chat.yaml"]).unwrap_err();
        assert!(
            both.to_string()
                .starts_with("a/chat.yaml and b/chat.yaml would both be the user class `chat`")
        );
    }
}
