//! The messages between a Locust master and its workers: an array of the kind, the data, and the name of the worker, in msgpack.

use rmpv::Value;

/// The data of a message, in msgpack.
pub type LocustValue = Value;

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct LocustMessage {
    /// Its kind, such as `spawn`.
    pub kind: String,
    /// Its data.
    pub data: Value,
    /// The name of the worker.
    pub worker: String,
}

/// The reason why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLocustMessage {
    /// It is not msgpack.
    #[error("it is not msgpack: {0}")]
    NotMsgpack(String),
    /// It has another form.
    #[error("expected an array of a kind, data and the name of a worker, not {0}")]
    OtherForm(String),
}

impl LocustMessage {
    /// A message of a worker.
    pub fn new(kind: &str, data: Value, worker: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            data,
            worker: worker.to_owned(),
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let parts = vec![
            Value::from(&*self.kind),
            self.data.clone(),
            Value::from(&*self.worker),
        ];
        let mut bytes = Vec::new();
        // Writing into a vector cannot fail.
        let _ = rmpv::encode::write_value(&mut bytes, &Value::Array(parts));
        bytes
    }

    /// Reads a message.
    ///
    /// # Errors
    /// It is none.
    pub fn read(mut bytes: &[u8]) -> Result<Self, NoLocustMessage> {
        let value = rmpv::decode::read_value(&mut bytes)
            .map_err(|why| NoLocustMessage::NotMsgpack(why.to_string()))?;
        let other = || {
            let text: String = value.to_string().chars().take(100).collect();
            NoLocustMessage::OtherForm(text)
        };
        match value.as_array().map(Vec::as_slice) {
            Some([kind, data, worker]) => Ok(Self {
                kind: kind.as_str().ok_or_else(other)?.to_owned(),
                data: data.clone(),
                worker: worker.as_str().unwrap_or_default().to_owned(),
            }),
            _ => Err(other()),
        }
    }

    /// A field of the data.
    pub fn field(&self, name: &str) -> Option<&Value> {
        field(&self.data, name)
    }
}

/// The value of a key.
pub(super) fn field<'v>(map: &'v Value, name: &str) -> Option<&'v Value> {
    let pairs = map.as_map()?;
    let (_, value) = pairs.iter().find(|(key, _)| key.as_str() == Some(name))?;
    Some(value)
}

/// A map with these keys.
pub(super) fn map<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    let pairs = pairs.into_iter().map(|(key, value)| (Value::from(key), value));
    Value::Map(pairs.collect())
}

/// The same value in msgpack.
pub fn value_of(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(it) => Value::from(*it),
        serde_json::Value::Number(it) => match (it.as_u64(), it.as_i64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::from(it.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(it) => Value::from(&**it),
        serde_json::Value::Array(all) => Value::Array(all.iter().map(value_of).collect()),
        serde_json::Value::Object(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| (Value::from(&**key), value_of(value)));
            Value::Map(pairs.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let message = LocustMessage::new("heartbeat", map([("state", Value::from("ready"))]), "box_1");
        assert_eq!(LocustMessage::read(&message.bytes()), Ok(message.clone()));
        assert_eq!(message.field("state").and_then(Value::as_str), Some("ready"));
    }

    #[test]
    fn what_is_no_message_is_told_with_its_reason() {
        let read = |bytes: &[u8]| LocustMessage::read(bytes).unwrap_err().to_string();
        assert!(read(b"\x93\xa5sp").starts_with("it is not msgpack: "));
        assert_eq!(
            read(b"\x2a"),
            "expected an array of a kind, data and the name of a worker, not 42"
        );
        assert!(read(b"\x93\x01\xc0\xc0").ends_with("not [1, nil, nil]"));
    }
}
