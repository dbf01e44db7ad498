//! Copies of a request that go to other places beside it, and what else of our own nobody waits for.
//!
//! The body is read as a whole first, so that everybody can have it. Then nobody waits for anybody: a copy has a
//! task of its own, and only the end of the client's connection waits for all of them, with its socket closed
//! already, so that a worker that is to end lets them finish.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::AtomicBool;

use tokio::task::JoinSet;

use super::{wait, whole_body};
use crate::http::course::engine;
use crate::http::course::request::Request;
use crate::http::course::request_body::{BodyError, RequestBody};
use crate::http::course::session::Session;
use crate::http::transport::clock;

/// The copies that are under way for a connection.
#[derive(Debug, Default)]
pub struct Copying(JoinSet<()>);

/// A client whose copies take longer than its requests waits for some of them.
const MOST: usize = 64;

impl Copying {
    /// Has copies of the request made, if that is wanted.
    ///
    /// # Errors
    /// When the body that they are to have cannot be read.
    pub async fn begin(
        &mut self,
        request: &mut Request,
        session: &mut Session,
    ) -> Result<(), BodyError> {
        let Some(copies) = request.bodies.copies.take() else {
            return Ok(());
        };
        if copies.with_body && !session.body.is_taken() {
            session.outbox.begin();
            if session.body.is_awaited(request) {
                session.push_continue();
            }
            whole_body::read(request, session, &copies.temporary).await?;
            let patience = request.location.settings.send_timeout;
            if !session.send_outbox(patience).await {
                return Err(BodyError::Cut);
            }
        }
        for place in &copies.places {
            let Some(copy) = request.copy_for(place) else {
                continue;
            };
            let body = match copies.with_body {
                true => session.body.copy().map_err(BodyError::File)?,
                false => RequestBody::default(),
            };
            while self.0.len() >= MOST {
                self.0.join_next().await;
            }
            self.0.spawn(carry_out(copy, body));
        }
        while self.0.try_join_next().is_some() {}
        Ok(())
    }

    /// Has a request answered that nobody waits for, unless there are too many already.
    pub fn add(&mut self, beside: Box<Request>) {
        while self.0.try_join_next().is_some() {}
        if self.0.len() < MOST {
            self.0.spawn(carry_out(beside, RequestBody::default()));
        }
    }

    /// Waits until all of them are over.
    pub async fn end(&mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

async fn carry_out(mut copy: Box<Request>, body: RequestBody) {
    let work = async move {
        let mut session = Session::of_our_own();
        session.body = body;
        let outlives = AtomicBool::new(true);
        wait::answer(&mut copy, &mut session, &outlives).await;
        engine::finish(&mut copy);
    };
    let mut work = pin!(work);
    poll_fn(|task| clock::turn(|| work.as_mut().poll(task))).await;
}
