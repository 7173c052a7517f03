//! `prove concurrency`: conversations that sleep at the same time, beside others that do not.

use std::rc::Rc;

use super::books::Books;
use super::context::Context;
use super::conversation::Conversation;
use super::crowd::{self, NoCrowd};
use super::member::Users;
use super::result::Experiment;

mod beside;
mod joins;
mod order;
mod parallel;

/// The number of conversations in a room, sleepers and others.
const ROOM: usize = 20;

/// The claim that stands alone where the experiment cannot be made.
pub(super) const FIRST_CLAIM: &str = parallel::CLAIM;

/// Makes the experiment.
///
/// # Errors
/// Its sockets cannot be opened.
pub(super) async fn concurrency(context: &Context<'_>, experiment: &mut Experiment) -> Result<(), NoCrowd> {
    let site = &context.site;
    context.tell("opening sockets");
    let talks = enter(context).await?;
    let count = talks.len();
    context.tell("sleeping at the same time");
    let (talks, sleeps) = parallel::sleep_together(context, talks).await;
    experiment.claims.extend(sleeps.claims());
    experiment.pictures.push(sleeps.picture());
    context.tell("asking behind sleeping channels and slow joins");
    let (talks, claims) = order::ask_behind_sleepers(site, talks).await;
    experiment.claims.extend(claims);
    context.tell("joining topics of many and of few");
    let (talks, claim) = joins::join_among_many(context, talks).await;
    experiment.claims.push(claim);
    context.tell("conversing beside sleepers");
    let (talks, claim, picture) = beside::converse_beside_sleepers(context, talks).await;
    experiment.claims.push(claim);
    experiment.pictures.extend(picture);
    experiment.method = vec![
        format!(
            "{count} sockets, each with a topic of its own and a room that it shares with {} others.",
            ROOM - 1
        ),
        parallel::method(),
        order::method(),
        joins::method(),
        beside::method(),
    ];
    crowd::close(talks).await;
    let oddities = site.take_oddities();
    context.count(&Default::default(), &oddities);
    Ok(())
}

async fn enter(context: &Context<'_>) -> Result<Vec<Conversation>, NoCrowd> {
    let books = Rc::new(Books::default());
    let members = crowd::open(&context.site, context.sockets, Users::Anonymous).await?;
    let rooms = (members.len() / ROOM).max(1);
    let entering = members.into_iter().enumerate().map(|(index, member)| {
        let room = format!("lab:{}-bed-{}", context.site.run, index % rooms);
        let mut talk = Conversation::new(member, &books, room.into(), context.seed);
        async move {
            // What goes wrong is an oddity already.
            let _ = talk.enter().await;
            talk
        }
    });
    let mut talks = crowd::all(entering).await;
    talks.sort_by_key(|talk| talk.member.number);
    Ok(talks)
}
