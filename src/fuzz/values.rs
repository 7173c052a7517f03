//! Values that clients send: payloads, texts, bytes and topics, made by proptest.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value};

/// Makes values; the same seed makes the same ones.
pub(super) struct Values {
    runner: TestRunner,
}

impl Values {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        Self {
            runner: TestRunner::new_with_rng(Config::default(), rng),
        }
    }

    /// A payload that is a map.
    pub(super) fn members(&mut self) -> Map<String, Value> {
        self.one(&btree_map(key(), value(), 0..4)).into_iter().collect()
    }

    /// Any JSON value.
    pub(super) fn value(&mut self) -> Value {
        self.one(&value())
    }

    /// A key of a map.
    pub(super) fn key(&mut self) -> String {
        self.one(&key())
    }

    /// A text in any script.
    pub(super) fn text(&mut self) -> String {
        self.one(&text())
    }

    /// A word of ASCII letters, for what stands unquoted in a scenario.
    pub(super) fn word(&mut self) -> String {
        self.one(&"[a-z]{1,8}")
    }

    /// Bytes.
    pub(super) fn bytes(&mut self) -> Vec<u8> {
        self.one(&prop_oneof![
            6 => vec(any::<u8>(), 0..40),
            1 => vec(any::<u8>(), 120..300),
            1 => Just(Vec::new()),
            1 => vec(any::<u8>(), 1..4).prop_map(|bytes| [bytes, vec![0, 0]].concat()),
        ])
    }

    fn one<S: Strategy>(&mut self, strategy: &S) -> S::Value {
        loop {
            // A strategy refuses only if one of its filters refuses very often.
            if let Ok(tree) = strategy.new_tree(&mut self.runner) {
                return tree.current();
            }
        }
    }
}

/// A text without what a scenario would take for a hole, and without what the lab takes for an order in params.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9 _:/.-]{0,12}",
        2 => "\\PC{0,12}",
        1 => Just("\u{0}\u{1}\"\\\n\t".to_owned()),
        1 => "[a-z]{200,300}",
    ]
    .prop_map(|text| text.replace('{', "("))
}

/// Keys of the lab's own params begin with other letters.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[k-n]{1,3}",
        1 => "ñ\\PC{0,6}".prop_map(|key| key.replace('{', "(")),
        1 => Just(String::new()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        2 => any::<i32>().prop_map(Value::from),
        1 => (-(1_i64 << 53)..(1_i64 << 53)).prop_map(Value::from),
        1 => (-4000_i32..4000).prop_map(|eighths| Value::from(f64::from(eighths * 2 + 1) / 16.0)),
        3 => text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            btree_map(key(), inner, 0..5).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
