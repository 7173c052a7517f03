//! `prove recovery`: annotations are written all the time, while connections are cut and the server stands still, is restarted and
//! killed. Each client comes back as phoenix.js does, and has to have all that was acknowledged, once and in order.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;

use super::context::Context;
use super::crowd::{self, NoCrowd};
use super::member::Users;
use super::punctuality::Punctuality;
use super::result::Experiment;
use crate::dice::Dice;
use crate::transport::Transport;
use cause::ServerOwner;
use client::{Client, Role};
use judge::Judge;
use scene::Scene;
use storm::{Deeds, Storm};
use video::Video;

mod cause;
mod client;
mod judge;
mod left;
mod log;
mod picture;
mod scene;
mod storm;
mod video;

/// More sockets than this come back too slowly on one machine, as all of them open connections at the same instant.
const MOST_SOCKETS: usize = 1_000;
/// How many sockets share a video: one of them writes, and the others watch.
const OF_VIDEO: usize = 20;
const MOST_VIDEOS: usize = 50;
/// How many annotations all writers send in a second.
const MOST_PER_SECOND: f64 = 300.0;
/// One writer sends no faster than this.
const SHORTEST_PERIOD: Duration = Duration::from_millis(25);

/// The claim that stands alone where the experiment cannot be made.
pub(super) const FIRST_CLAIM: &str = judge::CUTS;

/// Makes the experiment.
///
/// # Errors
/// Its sockets cannot be opened.
pub(super) async fn recovery(context: &Context<'_>, experiment: &mut Experiment) -> Result<(), NoCrowd> {
    let site = &context.site;
    context.tell("opening sockets");
    let sockets = context.sockets.min(MOST_SOCKETS);
    let videos = sockets.div_ceil(OF_VIDEO).clamp(1, MOST_VIDEOS);
    let before = left::connections(context).await;
    let owner = match context.server.borrow().is_some() {
        true => ServerOwner::ThisRun,
        false => ServerOwner::SomebodyElse,
    };
    let punctuality = Punctuality::watch(site);
    let users = match context.offers.users {
        true => Users::Named,
        false => Users::Anonymous,
    };
    let members = crowd::open(site, sockets, users).await?;
    let author = |video: usize| members[video].user.as_deref().unwrap_or("anon").into();
    let of_run = (0..videos).map(|video| Video::new(topic(site.run, video), author(video)));
    let period = Duration::from_secs_f64(videos as f64 / MOST_PER_SECOND).max(SHORTEST_PERIOD);
    let rooms = context.offers.presence.then_some(site.run);
    let scene = Rc::new(Scene::new(of_run.collect(), rooms, period));
    experiment.method = method(context, sockets, &scene, owner);

    let (mut living, mut orders) = (Vec::with_capacity(sockets), Vec::with_capacity(sockets));
    for (index, member) in members.into_iter().enumerate() {
        let role = match index < videos {
            true => Role::Writer(Dice::new(context.seed, index as u64)),
            false => Role::Viewer,
        };
        let (sender, receiver) = unbounded_channel();
        orders.push((index % videos, sender));
        living.push(Client::new(member, index % videos, role, &scene).live(receiver));
    }
    let storm = Storm {
        context,
        scene: &scene,
        clients: orders,
        dice: Dice::new(context.seed, 1_000_000),
        deeds: Deeds::default(),
    };
    let (clients, deeds) = tokio::join!(crowd::all(living), storm.rages());
    context.tell("looking for presences and connections that are left");
    let left = left::look(context, &scene, sockets, before).await;
    let judge = Judge::new(&scene, &clients, &deeds, owner)
        .with_oddities(site.take_oddities(), punctuality.standstill(site.timeout()));
    context.count(&judge.audit(), &judge.oddities);
    experiment.claims = judge.claims();
    experiment.claims.push(left.claim(sockets));
    experiment.pictures = picture::pictures(&scene, &deeds);
    Ok(())
}

/// The topic of a video that no other run has used.
fn topic(run: u64, video: usize) -> Rc<str> {
    const OF_A_RUN: u64 = 1_000;
    format!("videos:{}", 1_000_000_000_000 + run * OF_A_RUN + video as u64).into()
}

fn method(context: &Context<'_>, sockets: usize, scene: &Scene, owner: ServerOwner) -> Vec<String> {
    let videos = scene.videos.len();
    let mut said = vec![
        format!(
            "{sockets} sockets watched {videos} videos; one of each video wrote an annotation every {} ms, and now and then eight at \
             once.",
            scene.period.as_millis()
        ),
        "A client that lost its connection came back as phoenix.js does, after 10, 50, 100, 150, 200, 250, 500, 1000, 2000 and then 5000 ms, \
         and joined with last_seen_id, the highest id that it had."
            .to_owned(),
        "After each disruption a newcomer fetched all lists. Annotations that were written around a join are in doubt, because Phoenix \
         subscribes after the join has read the store; those without a reply may be there or not."
            .to_owned(),
    ];
    if sockets < context.sockets {
        said.push(format!(
            "{sockets} of {} sockets took part, because all of them come back at the same instant.",
            context.sockets
        ));
    }
    if owner == ServerOwner::SomebodyElse {
        said.push("The server was not restarted, because this run did not start it.".to_owned());
    }
    if context.site.connection_settings().endpoint.target.transport() == Transport::LongPoll {
        said.push(
            "Over long poll the sessions of clients that were cut live on until they expire.".to_owned(),
        );
    }
    said
}
