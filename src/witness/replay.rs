//! Plays a scenario with phoenix.js, group by group, and finds the first step that does not go as written.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;

use super::ending::ReplayEnd;
use super::node::NodeProcess;
use super::requests::order;
use super::socket::PlayedSocket;
use super::state::ReplayState;
use super::wait::{ANSWERED_WITHIN, ReplayWait, ReplayWaitKind};
use crate::driver::{ConnectionSettings, Lent, send_request, token, until};
use crate::protocol::Vsn;
use crate::scenario::{
    Act, Actor, Connect, ExpectedReply, Program, Send, What, connect_request, http_request, take_http_answer,
};
use crate::transport::{TOKEN, Transport};

/// How long after its last step a play listens for errors that phoenix.js throws.
const LISTENS_ON: Duration = Duration::from_millis(200);

/// A scenario that phoenix.js plays.
pub(super) struct CaseReplay<'p> {
    pub(super) program: &'p Program,
    pub(super) state: ReplayState,
    pub(super) node: NodeProcess,
    pub(super) settings: ConnectionSettings,
    pub(super) vsn: Vsn,
    pub(super) transport: Transport,
    pub(super) lent: Option<Box<dyn Lent>>,
}

impl CaseReplay<'_> {
    /// Plays all steps.
    pub(super) async fn play(mut self) -> Result<(), ReplayEnd> {
        let program = self.program;
        for group in &program.groups {
            let mut waits = Vec::new();
            for act in &group.acts {
                waits.extend(self.begin(act).await?);
            }
            self.wait(&mut waits).await?;
        }
        let listening = ReplayWait::of(ReplayWaitKind::Pause, LISTENS_ON, self.settings.clock);
        self.wait(&mut vec![listening]).await
    }

    /// Begins a step, and says what it waits for.
    async fn begin(&mut self, act: &Act) -> Result<Option<ReplayWait>, ReplayEnd> {
        let clock = self.settings.clock;
        let timeout = self.settings.timeout;
        let (kind, within) = match &act.what {
            What::Connect(actor, connect) => {
                self.connect(*actor, connect).await?;
                let kind = ReplayWaitKind::Opening(*actor, connect.answer);
                (kind, timeout * 2)
            }
            What::Send(actor, send) => match self.send(*actor, send).await? {
                Some(kind) => (kind, ANSWERED_WITHIN),
                None => return Ok(None),
            },
            What::Receive(actor, receive) => {
                let kind = ReplayWaitKind::Event(*actor, receive.clone());
                (kind, receive.within.unwrap_or(timeout))
            }
            What::ReceiveNothing(actor, time) => (ReplayWaitKind::Silence(*actor), *time),
            What::Close(actor, code) => {
                let id = self.state.asked.next();
                let order = json!({ "do": "close", "id": id, "actor": actor.0, "code": code });
                self.order(&order).await?;
                (ReplayWaitKind::Disconnected(id), timeout)
            }
            What::Cut(actor) => {
                self.order(&json!({ "do": "cut", "actor": actor.0 })).await?;
                return Ok(None);
            }
            What::Closed(actor, code) => {
                let code = code.filter(|_| self.transport == Transport::WebSocket);
                (ReplayWaitKind::Closed(*actor, code, self.transport), timeout * 2)
            }
            What::ClosedOrAlive(actor) => {
                let id = self.heartbeat(*actor).await?;
                (ReplayWaitKind::ClosedOrAlive(*actor, id), ANSWERED_WITHIN)
            }
            What::Sleep(time) => (ReplayWaitKind::Pause, *time),
            What::Http(http) => {
                let request = http_request(http, &self.state.values);
                let answer = send_request(&self.settings, &request).await;
                take_http_answer(http, answer, &mut self.state.values).map_err(ReplayEnd::Undecided)?;
                return Ok(None);
            }
            What::Restart(how) => {
                let lent = self.lent.as_mut();
                let lent =
                    lent.ok_or_else(|| ReplayEnd::Undecided("nothing can restart the server".to_owned()))?;
                lent.restart(*how).await.map_err(ReplayEnd::Undecided)?;
                return Ok(None);
            }
            What::Raw(..) | What::Pong(..) => return Ok(None),
        };
        Ok(Some(ReplayWait::of(kind, within, clock)))
    }

    async fn connect(&mut self, actor: Actor, connect: &Connect) -> Result<(), ReplayEnd> {
        let request = connect_request(connect, &self.state.values);
        let parts = request.at(&self.settings.endpoint, self.vsn);
        let mut params: Vec<(String, String)> = parts.params.clone();
        if let Some(user) = &request.user {
            let token = token(&self.settings, user, request.token_age).await;
            params.push((
                TOKEN.to_owned(),
                token.map_err(|why| ReplayEnd::Undecided(why.to_string()))?,
            ));
        }
        let vsn = params.iter().find(|(name, _)| name == "vsn");
        let vsn = vsn.map(|(_, value)| value.clone());
        params.retain(|(name, _)| name != "vsn");
        let fallback = connect.fallback.map(|it| it.after.as_millis());
        self.state.clients[actor.0] = PlayedSocket::default();
        let order = json!({
            "do": "connect",
            "actor": actor.0,
            "url": parts.target.over(Transport::WebSocket).url(),
            "transport": parts.target.transport().name(),
            "params": params.into_iter().collect::<HashMap<_, _>>(),
            "vsn": vsn,
            "fallback": fallback,
        });
        self.order(&order).await
    }

    async fn send(&mut self, actor: Actor, send: &Send) -> Result<Option<ReplayWaitKind>, ReplayEnd> {
        let id = self.state.asked.next();
        let order = order(id, actor, send, &self.state.values)?;
        self.order(&order).await?;
        let waits = !matches!(send.reply, ExpectedReply::None);
        Ok(waits.then(|| ReplayWaitKind::Answer(actor, id, Box::new(send.clone()))))
    }

    async fn heartbeat(&mut self, actor: Actor) -> Result<usize, ReplayEnd> {
        let id = self.state.asked.next();
        let order = json!({ "do": "heartbeat", "id": id, "actor": actor.0 });
        self.order(&order).await?;
        Ok(id)
    }

    async fn order(&mut self, order: &serde_json::Value) -> Result<(), ReplayEnd> {
        self.node.order(order).await.map_err(ReplayEnd::node)
    }

    /// Waits until all waits are over.
    async fn wait(&mut self, waits: &mut Vec<ReplayWait>) -> Result<(), ReplayEnd> {
        loop {
            let now = self.settings.clock.now();
            let mut open = Vec::new();
            for wait in waits.drain(..) {
                if !self.state.is_over(&wait, now)? {
                    open.push(wait);
                }
            }
            *waits = open;
            if waits.is_empty() {
                return Ok(());
            }
            let deadline = waits.iter().map(|wait| wait.deadline).min();
            tokio::select! {
                biased;
                told = self.node.told() => self.state.hear(told.map_err(ReplayEnd::node)?)?,
                () = until(self.settings.clock, deadline) => {}
            }
        }
    }
}
