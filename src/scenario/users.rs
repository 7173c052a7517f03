//! The users of a scenario from a file: CSV with a line of names, or JSON Lines with an object a line.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::template::{Name, Values};
use crate::dice::Dice;

/// A larger file is not read.
const LARGEST: u64 = 256 << 20;

/// The users of a scenario, and the names that stand for their columns.
#[derive(Clone, Debug)]
pub(crate) struct Users {
    pub(crate) file: Arc<UserFile>,
    pub(crate) order: UserOrder,
    pub(crate) used: Vec<UsedColumn>,
}

/// A column of the user of an actor, which the steps use under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UsedColumn {
    pub(crate) name: Name,
    /// An index into the actors of the scenario.
    pub(crate) actor: usize,
    /// An index into [`UserFile::columns`].
    pub(crate) column: usize,
}

/// The order in which users are taken out of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UserOrder {
    /// In the order of the file, and from its begin again when they run out.
    #[default]
    Sequential,
    /// Any of them, which may be one that another actor has too.
    Random,
    /// In the order of the file, each once.
    Unique,
}

impl UserOrder {
    pub(crate) const NAMED: [(&'static str, Self); 3] = [
        ("sequential", Self::Sequential),
        ("random", Self::Random),
        ("unique", Self::Unique),
    ];
}

/// A file of users.
#[derive(Debug)]
pub(crate) struct UserFile {
    /// Its name, as the scenario says it.
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    rows: Vec<Box<[Value]>>,
}

/// The reason why a file of users cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsersError {
    #[error("cannot read {}: {why}", path.display())]
    Unreadable { path: PathBuf, why: std::io::Error },
    #[error("{} has more than {LARGEST} bytes; no more are read", path.display())]
    TooLarge { path: PathBuf },
    #[error("{name} is not CSV: {why}")]
    NotCsv { name: String, why: csv::Error },
    #[error(
        "line {line} of {name} has {fields} fields, and its line of names has {columns}; put quotes around a field with a comma"
    )]
    Ragged {
        name: String,
        line: u64,
        fields: u64,
        columns: u64,
    },
    #[error("line {line} of {name} is no JSON object: {why}")]
    NotJson {
        name: String,
        line: usize,
        why: serde_json::Error,
    },
    #[error("line {line} of {name} has no `{column}`, which other lines have")]
    Lacking {
        name: String,
        line: usize,
        column: String,
    },
    #[error("{name} has no users")]
    Empty { name: String },
}

impl UserFile {
    /// Reads a file; one that ends in `.jsonl` or `.ndjson` has JSON Lines, any other one CSV.
    pub(crate) fn read(path: &Path, name: &str) -> Result<Self, UsersError> {
        let unreadable = |why| UsersError::Unreadable {
            path: path.to_owned(),
            why,
        };
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mut text = String::new();
        // A device may have no end, and its length is 0.
        let mut bounded = file.take(LARGEST + 1);
        bounded.read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > LARGEST {
            return Err(UsersError::TooLarge {
                path: path.to_owned(),
            });
        }
        let is_json = path.extension().is_some_and(|it| it == "jsonl" || it == "ndjson");
        let file = if is_json {
            Self::of_json_lines(name, &text)
        } else {
            Self::of_csv(name, &text)
        }?;
        if file.rows.is_empty() {
            return Err(UsersError::Empty { name: file.name });
        }
        Ok(file)
    }

    fn of_csv(name: &str, text: &str) -> Result<Self, UsersError> {
        let not_csv = |why: csv::Error| match why.kind() {
            csv::ErrorKind::UnequalLengths {
                pos: Some(at),
                expected_len,
                len,
            } => UsersError::Ragged {
                name: name.to_owned(),
                line: at.line(),
                fields: *len,
                columns: *expected_len,
            },
            _ => UsersError::NotCsv {
                name: name.to_owned(),
                why,
            },
        };
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::Headers)
            .from_reader(text.as_bytes());
        let columns = reader
            .headers()
            .map_err(not_csv)?
            .iter()
            .map(str::to_owned)
            .collect();
        let rows = reader
            .records()
            .map(|record| Ok(record.map_err(not_csv)?.iter().map(Value::from).collect()));
        Ok(Self {
            name: name.to_owned(),
            columns,
            rows: rows.collect::<Result<_, _>>()?,
        })
    }

    fn of_json_lines(name: &str, text: &str) -> Result<Self, UsersError> {
        let lines = (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim().is_empty());
        let mut columns: Vec<String> = Vec::new();
        let mut rows = Vec::new();
        for (line, text) in lines {
            let mut object: Map<String, Value> =
                serde_json::from_str(text).map_err(|why| UsersError::NotJson {
                    name: name.to_owned(),
                    line,
                    why,
                })?;
            if columns.is_empty() {
                columns = object.keys().cloned().collect();
            }
            let row = columns.iter().map(|column| {
                object.remove(column).ok_or_else(|| UsersError::Lacking {
                    name: name.to_owned(),
                    line,
                    column: column.clone(),
                })
            });
            rows.push(row.collect::<Result<_, _>>()?);
        }
        Ok(Self {
            name: name.to_owned(),
            columns,
            rows,
        })
    }

    /// How many users it has.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

impl Users {
    /// The row of an actor of a play, from 0: `first` is the number of the play's first actor among all users of the
    /// run, and `part` tells plays apart.
    pub(crate) fn row(&self, actor: usize, first: u64, part: u64) -> usize {
        let rows = self.file.len();
        let number = first + actor as u64;
        match self.order {
            UserOrder::Sequential | UserOrder::Unique => {
                usize::try_from(number % rows as u64).unwrap_or_default()
            }
            UserOrder::Random => Dice::new(part, number).index(rows),
        }
    }

    /// The reason why this many users cannot have one row each, if the order asks for that.
    pub(crate) fn lack(&self, users: u64) -> Option<String> {
        let rows = self.file.len() as u64;
        (self.order == UserOrder::Unique && users > rows).then(|| {
            format!(
                "{} has {rows} users, and {users} are needed, as the order is unique; add users to the file, or write `order: sequential` \
                 to begin again when they run out",
                self.file.name
            )
        })
    }

    /// The note on a run in which this many users have to share rows.
    pub(crate) fn again(&self, users: u64) -> Option<String> {
        let rows = self.file.len() as u64;
        (self.order == UserOrder::Sequential && users > rows).then(|| {
            let times = users.div_ceil(rows);
            format!(
                "{} has {rows} users for {users}: each is used up to {times} times",
                self.file.name
            )
        })
    }

    /// Sets the columns that the steps use.
    pub(crate) fn fill(&self, values: &mut Values, first: u64, part: u64) {
        for used in &self.used {
            let row = &self.file.rows[self.row(used.actor, first, part)];
            values.set(used.name, row[used.column].clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<UserFile, UsersError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        UserFile::read(&path, name)
    }

    fn users(order: UserOrder) -> Users {
        let file = read("a.csv", "email\na@b\nc@d\ne@f\n").unwrap();
        Users {
            file: Arc::new(file),
            order,
            used: Vec::new(),
        }
    }

    #[test]
    fn csv_gives_texts_and_json_lines_keep_their_types() {
        let csv = read("a.csv", "email, age\n\"a,b\",7\n").unwrap();
        assert_eq!(csv.columns, ["email", "age"]);
        assert_eq!(*csv.rows[0], [Value::from("a,b"), Value::from("7")]);
        let json = read(
            "a.jsonl",
            "{\"email\":\"a\",\"age\":7}\n\n{\"age\":8,\"email\":\"b\",\"more\":1}\n",
        )
        .unwrap();
        assert_eq!(json.columns, ["age", "email"]);
        assert_eq!(*json.rows[1], [Value::from(8), Value::from("b")]);
    }

    #[test]
    fn an_error_in_a_file_is_told_with_its_line() {
        let told = |name: &str, text: &str| read(name, text).unwrap_err().to_string();
        assert_eq!(told("a.csv", "email\n"), "a.csv has no users");
        assert_eq!(
            told("a.csv", "email,password\na,b\nc\n"),
            "line 3 of a.csv has 1 fields, and its line of names has 2; put quotes around a field with a comma"
        );
        let found = told("a.jsonl", "{\"email\":1}\n[]\n");
        assert!(
            found.starts_with("line 2 of a.jsonl is no JSON object"),
            "{found}"
        );
        let found = told("a.jsonl", "{\"email\":1}\n{\"name\":1}\n");
        assert_eq!(found, "line 2 of a.jsonl has no `email`, which other lines have");
        let missing = UserFile::read(Path::new("/nowhere/a.csv"), "a.csv")
            .unwrap_err()
            .to_string();
        assert!(missing.starts_with("cannot read /nowhere/a.csv"), "{missing}");
    }

    #[test]
    fn users_are_taken_in_their_order_or_at_random_by_the_seed() {
        let rows = |order, part| -> Vec<usize> {
            let users = users(order);
            (0..6).map(|first| users.row(0, first, part)).collect()
        };
        assert_eq!(rows(UserOrder::Sequential, 1), [0, 1, 2, 0, 1, 2]);
        assert_eq!(rows(UserOrder::Random, 1), rows(UserOrder::Random, 1));
        assert_ne!(rows(UserOrder::Random, 1), rows(UserOrder::Random, 2));
        assert_eq!(users(UserOrder::Sequential).row(1, 1, 0), 2);
    }
}
