//! Merges two layers of settings: the upper layer wins, key by key.

use super::super::args::{Check, JudgeClients, Judging, Network, Results, Room, Serve, ServeTls, Target};

/// The settings of a command, which can lie above others.
pub(super) trait Layer: From<Check> {
    /// Merges these settings with those below.
    fn over(self, below: Self) -> Self;

    /// The server under test.
    fn target(&mut self) -> &mut Target;
}

impl Layer for Check {
    fn target(&mut self) -> &mut Target {
        &mut self.target
    }

    fn over(self, below: Self) -> Self {
        let (safe, no_safe) = if self.safe || self.no_safe {
            (self.safe, self.no_safe)
        } else {
            (below.safe, below.no_safe)
        };
        Self {
            cases: first(self.cases, below.cases),
            exclude: first(self.exclude, below.exclude),
            level: first(self.level, below.level),
            target: self.target.over(below.target),
            room: self.room.over(below.room),
            judging: self.judging.over(below.judging),
            transport: self.transport.or(below.transport),
            jobs: self.jobs.or(below.jobs),
            timeout: self.timeout.or(below.timeout),
            max_time: self.max_time.or(below.max_time),
            idle: self.idle || below.idle,
            witness: self.witness.or(below.witness),
            fail_fast: self.fail_fast || below.fail_fast,
            retries: self.retries.or(below.retries),
            repeat: self.repeat.or(below.repeat),
            safe,
            no_safe,
            update: self.update.or(below.update),
            accept: self.accept || below.accept,
            format: self.format.or(below.format),
            results: self.results.over(below.results),
            config: self.config,
            known: first(self.known, below.known),
        }
    }
}

impl Target {
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            target: self.target.or(below.target),
            exec: self.exec.or(below.exec),
            wait_for: self.wait_for.or(below.wait_for),
            vsn: self.vsn.or(below.vsn),
            params: by_name(self.params, below.params, str::eq),
            headers: by_name(self.headers, below.headers, str::eq_ignore_ascii_case),
            compress: self.compress.or(below.compress),
            variables: by_name(self.variables, below.variables, str::eq),
            network: self.network.over(below.network),
        }
    }
}

impl Network {
    /// A certificate is merged together with its key.
    fn over(self, below: Self) -> Self {
        let (cert, key) = if self.cert.is_some() || self.key.is_some() {
            (self.cert, self.key)
        } else {
            (below.cert, below.key)
        };
        Self {
            cacert: self.cacert.or(below.cacert),
            insecure: self.insecure || below.insecure,
            cert,
            key,
            resolve: first(self.resolve, below.resolve),
            proxy: self.proxy.or(below.proxy),
        }
    }
}

impl Room {
    /// A topic is merged together with its params.
    pub(super) fn over(self, below: Self) -> Self {
        let (join_params, other_join_params) = match (&self.topic, &self.other_topic) {
            (Some(_), _) => (self.join_params, self.other_join_params),
            (None, Some(_)) => (self.join_params.or(below.join_params), self.other_join_params),
            (None, None) => (
                self.join_params.or(below.join_params),
                self.other_join_params.or(below.other_join_params),
            ),
        };
        Self {
            topic: self.topic.or(below.topic),
            join_params,
            other_topic: self.other_topic.or(below.other_topic),
            other_join_params,
            push: self.push.or(below.push),
            unknown_topic: self.unknown_topic.or(below.unknown_topic),
        }
    }
}

impl Judging {
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            profile: self.profile.or(below.profile),
            strict: self.strict || below.strict,
        }
    }
}

impl Results {
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            out: self.out.or(below.out),
            seed: self.seed.or(below.seed),
        }
    }
}

impl Serve {
    /// Merges these settings with those below.
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            tls: self.tls.over(below.tls),
            port: self.port.or(below.port),
            host: self.host.or(below.host),
            store: self.store.or(below.store),
            profile: self.profile.or(below.profile),
            faults: first(self.faults, below.faults),
            one_in: self.one_in.or(below.one_in),
            chance: self.chance || below.chance,
            seed: self.seed.or(below.seed),
            shards: self.shards.or(below.shards),
            clients: self.clients.over(below.clients),
            config: self.config,
        }
    }
}

impl JudgeClients {
    fn over(self, below: Self) -> Self {
        Self {
            judge: self.judge || below.judge,
            timeout: self.timeout.or(below.timeout),
        }
    }
}

impl ServeTls {
    /// One way to get a certificate replaces the other.
    fn over(self, below: Self) -> Self {
        if self.tls || self.cert.is_some() || self.key.is_some() {
            self
        } else {
            below
        }
    }
}

/// An upper list replaces a lower one: naming cases means only these.
pub(super) fn first<T>(upper: Vec<T>, below: Vec<T>) -> Vec<T> {
    if upper.is_empty() { below } else { upper }
}

/// Pairs of both layers are merged; for the same name the upper one wins.
fn by_name(
    upper: Vec<(String, String)>,
    below: Vec<(String, String)>,
    same: fn(&str, &str) -> bool,
) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = below
        .into_iter()
        .filter(|(name, _)| !upper.iter().any(|(other, _)| same(other, name)))
        .collect();
    pairs.extend(upper);
    pairs
}
