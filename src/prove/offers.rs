//! The channels and requests that a target offers, on which the possible experiments depend.

use std::rc::Rc;

use serde_json::json;

use super::account::{Content, Expected};
use super::member::{Member, Users};
use super::site::{NotOpened, Site};
use crate::driver::disconnect_user;

/// The channels and requests that a target offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked for by itself")]
pub(super) struct Offers {
    /// `lab:*`
    pub(super) lab: bool,
    /// `presence:*`
    pub(super) presence: bool,
    /// `videos:*`
    pub(super) videos: bool,
    /// `GET /token/NAME`
    pub(super) users: bool,
    /// `POST /disconnect/NAME`
    pub(super) disconnects: bool,
}

impl Offers {
    /// Tries all of it with a socket or two.
    pub(super) async fn look(site: &Rc<Site>) -> Result<Self, NotOpened> {
        let named = Member::open(site, Users::Named).await;
        let users = named.is_ok();
        let mut member = match named {
            Ok(member) => member,
            Err(_) => Member::open(site, Users::Anonymous).await?,
        };
        let run = site.run;
        let told = json!({ "told": run });
        let lab = joins(
            &mut member,
            &format!("lab:{run}-look"),
            Some(json!({ "params": told })),
        )
        .await;
        let presence = joins(&mut member, &format!("presence:{run}-look"), None).await;
        let videos = joins(&mut member, &format!("videos:{}", run % 1_000_000_007), None).await;
        member.may_be_disconnected();
        let name = member.user.clone().unwrap_or_default();
        let disconnects = users
            && disconnect_user(site.connection_settings(), &name).await.is_ok()
            && member.until_disconnected(site.timeout()).await.is_ok();
        member.close().await;
        // A look is no experiment.
        site.take_oddities();
        Ok(Self {
            lab,
            presence,
            videos,
            users,
            disconnects,
        })
    }
}

/// Whether a topic can be joined, with this response if one is named.
async fn joins(member: &mut Member, topic: &str, response: Option<serde_json::Value>) -> bool {
    let topic: Rc<str> = topic.into();
    let params = json!({ "told": member.site.run });
    match member.join(&topic, &params, Expected::AnyOk).await {
        Ok(answer) if answer.status == "ok" => {
            response.is_none_or(|response| answer.response == Content::Json(response))
        }
        _ => false,
    }
}
