//! Compiles the connects of a role.

use super::{Compiler, Draft};
use crate::load::text::Line;
use crate::scenario::{Act, Connect, MountPath, Opening, Template};
use crate::transport::ConnectRequest;

impl Compiler<'_> {
    /// The first connect sets the request. After a cut the client reconnects by itself, so a later connect must have
    /// the same request or none.
    pub(super) fn connect(&mut self, act: &Act, connect: &Connect, draft: &mut Draft) {
        if connect.answer != Opening::Open {
            self.stepped(act, "a connect is refused");
        }
        let request = self.request(act, connect);
        match &draft.connect {
            None => draft.connect = Some(request),
            Some(first) if request == *first || request == ConnectRequest::default() => {}
            Some(_) => {
                self.stepped(act, "an actor comes back in another way");
            }
        }
    }

    fn request(&mut self, act: &Act, connect: &Connect) -> ConnectRequest<Line> {
        let mut request = ConnectRequest::default();
        if connect.vsn().is_some() {
            self.stepped(act, "one connection has a `vsn` of its own");
        }
        if connect.fallback.is_some() {
            self.stepped(act, "`fallback` stands");
        }
        if connect.token_age.is_some() {
            self.stepped(act, "`token-age` stands");
        }
        request.transport = connect.transport;
        if let MountPath::Instead(name) = &connect.mount {
            request.mount = Some(name.clone());
        }
        if let Some(user) = &connect.user {
            request.user = self.text(act, user);
        }
        request.params = self.texts(act, &connect.params);
        request.headers = self.texts(act, &connect.headers);
        request
    }

    fn texts(&mut self, act: &Act, pairs: &[(String, Option<Template>)]) -> Vec<(String, Option<Line>)> {
        let pairs = pairs.iter();
        let filled = pairs.map(|(key, value)| {
            let value = value.as_ref().and_then(|value| self.text(act, value));
            (key.clone(), value)
        });
        filled.collect()
    }
}
