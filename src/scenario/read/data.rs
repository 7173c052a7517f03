//! Reads the sources of values that are no steps: `users`, `generated` and the environment.

use std::path::Path;
use std::sync::Arc;

use super::super::generated::{Generated, GeneratedKind, WORDS};
use super::super::problem::{Problem, Span, nearest};
use super::super::secrets::SHORTEST;
use super::super::template::Name;
use super::super::users::{UsedColumn, UserFile, UserOrder, Users};
use super::super::yaml::{Node, Yaml, YamlKey};
use super::{Reader, entry};

/// The keys of `users`.
pub(crate) const USERS: [(&str, &str); 2] = [
    (
        "from",
        "a CSV file with a line of names, or a file of JSON objects (.jsonl), one a line; its path is seen from the scenario file",
    ),
    (
        "order",
        "sequential (if left out): one after the other, and from the begin again when they run out; random: any, by --seed, also twice; unique: one after the other, each once, and no run that needs more",
    ),
];

/// The kinds that `generated` takes, for the documents.
#[cfg(test)]
pub(crate) const GENERATED: [(&str, &str); 4] = [
    ("name", "a name of a person"),
    ("sentence", "a sentence of four to nine words"),
    ("uuid", "a random UUID"),
    ("{ number: [FROM, TO] }", "a whole number in this range"),
];

/// The file of users, and the columns that the steps use.
#[derive(Default)]
pub(super) struct ReadUsers {
    file: Option<(Arc<UserFile>, UserOrder, Span)>,
    used: Vec<ReadColumn>,
}

/// A column that a step uses.
struct ReadColumn {
    name: Name,
    actor: String,
    column: usize,
    place: Span,
}

impl Reader {
    /// `users`; `path` is that of the scenario.
    pub(super) fn read_users(&mut self, path: &str, entries: &[(YamlKey, Node)]) -> Option<()> {
        const FORM: &str = "a map such as { from: users.csv, order: sequential }";
        let node = entry(entries, "users")?;
        let entries = self.map(node, "users", FORM)?;
        self.only(entries, "users", &USERS.map(|(name, _)| name));
        let Some(from) = entry(entries, "from") else {
            return self.wrong(node, "users", FORM);
        };
        let order = self
            .choice(entries, "order", &UserOrder::NAMED)
            .unwrap_or_default();
        let name = self.word(from, "from", "the path of a file")?;
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        match UserFile::read(&folder.join(name), name) {
            Ok(file) => self.users.file = Some((Arc::new(file), order, from.place.clone())),
            Err(error) => {
                self.problem(Problem::at(from.place.clone(), error.to_string()));
                // So that the uses of its columns are no mistakes.
                self.users_are_broken = true;
            }
        }
        Some(())
    }

    /// The name for a column of a user: `user.email` is that of the acting user, `ana.email` that of the actor `ana`.
    pub(super) fn column(&mut self, owner: &str, column: &str, place: &Span) -> Option<Name> {
        if self.users_are_broken {
            return Some(self.define(&format!("{owner}.{column}")));
        }
        let Some((file, ..)) = &self.users.file else {
            let title = format!("`{owner}.{column}` is a column of users, and the scenario has none");
            let help = "write `users: { from: users.csv }` at the top of the file".to_owned();
            self.problem(Problem::at(place.clone(), title).help(help));
            return None;
        };
        let Some(index) = file.columns.iter().position(|known| known == column) else {
            let known = file.columns.join(", ");
            let meant = nearest(column, file.columns.iter().map(String::as_str));
            let meant = meant.map(|name| format!("did you mean `{name}`?"));
            let title = format!("{} has no column `{column}`", file.name);
            self.problem(Problem::at(place.clone(), title).expected(known).help(meant));
            return None;
        };
        let actor = match (owner, &self.acting) {
            ("user", Some(actor)) => actor.clone(),
            ("user", None) => {
                let title = "a step without an actor has no user";
                let problem = Problem::at(place.clone(), title);
                self.problem(
                    problem.expected(format!("the column of an actor, such as {{{{ana.{column}}}}}")),
                );
                return None;
            }
            (actor, _) => actor.to_owned(),
        };
        let name = self.define(&format!("{actor}.{column}"));
        self.users.used.push(ReadColumn {
            name,
            actor,
            column: index,
            place: place.clone(),
        });
        Some(name)
    }

    /// The users of the file, once all actors are known.
    pub(super) fn take_users(&mut self) -> Option<Users> {
        let ReadUsers { file, used } = std::mem::take(&mut self.users);
        let mut columns: Vec<UsedColumn> = Vec::new();
        for ReadColumn {
            name,
            actor,
            column,
            place,
        } in used
        {
            let Some(index) = self.actors.iter().position(|known| known.name == actor) else {
                let known: Vec<&str> = self.actors.iter().map(|actor| actor.name.as_str()).collect();
                let title = format!("there is no actor `{actor}`");
                let problem = Problem::at(place, title).expected(format!("user, {}", known.join(", ")));
                self.problem(problem);
                continue;
            };
            let column = UsedColumn {
                name,
                actor: index,
                column,
            };
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        let (file, order, place) = file?;
        let users = Users {
            file,
            order,
            used: columns,
        };
        if let Some(lack) = users.lack(self.actors.len() as u64) {
            self.problem(Problem::at(place, lack));
        }
        Some(users)
    }

    /// `generated`
    pub(super) fn read_generated(&mut self, entries: &[(YamlKey, Node)]) -> Vec<Generated> {
        let Some(node) = entry(entries, "generated") else {
            return Vec::new();
        };
        let entries = self.map(node, "generated", "names, such as { nick: name, text: sentence }");
        let mut all = Vec::new();
        for (key, value) in entries.unwrap_or_default() {
            let Some(kind) = self.generated_kind(value) else {
                continue;
            };
            let name = self.define(&key.name);
            all.push(Generated { name, kind });
        }
        all
    }

    fn generated_kind(&mut self, node: &Node) -> Option<GeneratedKind> {
        const EXPECTED: &str = "name, sentence, uuid, or { number: [0, 90000] }";
        match &node.value {
            Yaml::Text(word) => {
                let found = WORDS.iter().find(|(known, _)| known == word);
                if found.is_none() {
                    let title = format!("`generated` has no kind `{word}`");
                    self.problem(Problem::at(node.place.clone(), title).expected(EXPECTED));
                }
                found.map(|(_, kind)| *kind)
            }
            Yaml::Map(entries) => match entries.as_slice() {
                [(key, range)] if key.name == "number" => self.range(range),
                _ => self.wrong(node, "generated", EXPECTED),
            },
            _ => self.wrong(node, "generated", EXPECTED),
        }
    }

    fn range(&mut self, node: &Node) -> Option<GeneratedKind> {
        const EXPECTED: &str = "two whole numbers, such as [0, 90000], the lower one first";
        let ends = match &node.value {
            Yaml::List(items) => items
                .iter()
                .map(|item| item.to_json().as_u64())
                .collect::<Option<Vec<_>>>(),
            _ => None,
        };
        match ends.as_deref() {
            Some(&[from, to]) if from <= to => Some(GeneratedKind::Number { from, to }),
            _ => {
                self.problem(Problem::at(node.place.clone(), "this is no range").expected(EXPECTED));
                None
            }
        }
    }

    /// The value of a variable of the environment, which is a secret from then on.
    pub(super) fn environment_value(&mut self, name: &str, place: &Span) -> Option<String> {
        let key = format!("env.{name}");
        let known = self.values.iter().find(|(known, _)| *known == key);
        let value = known
            .map(|(_, value)| value.clone())
            .or_else(|| std::env::var(name).ok());
        let Some(value) = value else {
            let title = format!("the environment variable `{name}` is not set, or is no text");
            let help = format!("set it where phxproof runs: {name}=… phxproof …");
            self.problem(Problem::at(place.clone(), title).help(help));
            return None;
        };
        if value.chars().count() < SHORTEST {
            let title = format!(
                "the value of the environment variable `{name}` has fewer than {SHORTEST} characters"
            );
            let problem = Problem::at(place.clone(), title);
            let help = "values from the environment are hidden in reports, and so short a text cannot be hidden; \
                        use --var for a value that is no secret";
            self.problem(problem.help(help.to_owned()));
            return None;
        }
        if !self.secrets.iter().any(|(known, _)| *known == key) {
            self.secrets.push((key, value.clone()));
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{read, read_with};

    fn told(text: &str) -> String {
        read("a.yaml", &format!("about: A.\n{text}"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_generated_value_has_a_kind() {
        let steps = "steps:\n  - ana: { connect: socket, params: { a: \"{{a}}\" } }\n";
        assert!(read("a.yaml", &format!("about: A.\ngenerated: {{ a: uuid }}\n{steps}")).is_ok());
        for (kind, told_of) in [
            ("uuids", "`generated` has no kind `uuids`"),
            ("{ number: [7, 5] }", "this is no range"),
            ("{ number: 5 }", "this is no range"),
            ("[name]", "`generated` cannot be"),
        ] {
            let told = told(&format!("generated: {{ a: {kind} }}\n{steps}"));
            assert!(told.contains(told_of), "{kind}: {told}");
        }
    }

    #[test]
    fn a_column_belongs_to_users_and_to_an_actor() {
        let step = "steps:\n  - ana: { connect: socket, params: { a: \"{{user.email}}\" } }\n";
        assert!(told(step).contains("a column of users, and the scenario has none"));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("users.csv"), "email\na\n").unwrap();
        let path = folder.path().join("a.yaml");
        let with = |steps: &str, order: &str| {
            let text = format!("about: A.\nusers: {{ from: users.csv, order: {order} }}\nsteps:\n{steps}");
            read(path.to_str().unwrap(), &text)
        };
        let both =
            "  - ana, bea: { connect: socket, params: { a: \"{{user.email}}\", b: \"{{bea.email}}\" } }\n";
        let program = with(both, "sequential").unwrap();
        assert_eq!(program.users.unwrap().used.len(), 2);
        let told = with(both, "unique").unwrap_err().to_string();
        assert!(told.contains("users.csv has 1 users, and 2 are needed"), "{told}");
        let told = with("  - http: \"GET /{{user.email}}\"\n  - ana: connect\n", "random")
            .unwrap_err()
            .to_string();
        assert!(told.contains("a step without an actor has no user"), "{told}");
        let told = with(
            "  - ana: { connect: \"{{eva.email}}\" , params: { a: \"{{eva.email}}\" } }\n",
            "random",
        );
        assert!(told.unwrap_err().to_string().contains("there is no actor `eva`"));
    }

    #[test]
    fn a_value_of_the_environment_must_be_there_and_long_enough_to_be_hidden() {
        let source =
            "about: A.\nsteps:\n  - ana: { connect: socket, params: { a: \"{{env.KEY_OF_A_TEST}}\" } }\n";
        let with = |value: &str| {
            read_with(
                "a.yaml",
                source,
                &[("env.KEY_OF_A_TEST".to_owned(), value.to_owned())],
            )
        };
        assert_eq!(with("abcd").unwrap().secrets.len(), 1);
        let told = with("abc").unwrap_err().to_string();
        assert!(told.contains("fewer than 4 characters"), "{told}");
        let told = read("a.yaml", source).unwrap_err().to_string();
        assert!(
            told.contains("the environment variable `KEY_OF_A_TEST` is not set"),
            "{told}"
        );
    }
}
