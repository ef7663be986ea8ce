//! The virtual machine, as most tests ask it.

use portcullis_image::View;
use portcullis_model::Request;
use portcullis_vm::{Explanation, Outcome, Plan, Query, Ready, Scratch, decide, explain};

/// A stack of images, and the memory of its decisions, which is used again.
#[derive(Debug)]
pub struct Machine<'i> {
    views: Vec<View<'i>>,
    plan: Plan,
    scratch: Scratch,
}

impl<'i> Machine<'i> {
    /// The machine for these images.
    pub fn new(views: impl IntoIterator<Item = View<'i>>) -> Machine<'i> {
        let views: Vec<View<'i>> = views.into_iter().collect();
        Machine {
            plan: Plan::of(views.iter().copied()),
            views,
            scratch: Scratch::new(),
        }
    }

    /// Decides a request.
    pub fn decide(&mut self, request: &Request<'_>) -> Outcome {
        self.ask(&Query::from(request))
    }

    /// Decides what is asked.
    pub fn ask(&mut self, query: &Query<'_>) -> Outcome {
        let views = self.views.iter().copied();
        decide(views, &self.plan, &mut self.scratch, query)
    }

    /// Explains a request.
    pub fn explain(&mut self, request: &Request<'_>) -> Explanation {
        let views = self.views.iter().copied();
        explain(views, &self.plan, &mut self.scratch, &Query::from(request))
    }

    /// Decides several in one go.
    pub fn decide_many(&mut self, queries: &[Query<'_>]) -> Vec<Outcome> {
        let views = self.views.clone();
        let mut outcomes = Vec::new();
        for chunk in queries.chunks(portcullis_vm::AHEAD) {
            let ahead = chunk.iter();
            portcullis_vm::read_ahead(views.iter().copied(), &self.plan, &mut self.scratch, ahead);
            outcomes.extend(chunk.iter().map(|query| self.ask(query)));
        }
        outcomes
    }

    /// Decides a request and what it asks of what is behind it (`S3-6`).
    pub fn decide_through(
        &mut self,
        query: &Query<'_>,
        behind: (&mut Machine<'_>, &Query<'_>),
    ) -> Outcome {
        let (other, of_bucket) = behind;
        let views = self.views.iter().copied();
        let views_behind = other.views.iter().copied();
        let own = self.scratch.ready(views.clone(), &self.plan, query);
        let other = other
            .scratch
            .ready(views_behind.clone(), &other.plan, of_bucket);
        portcullis_vm::decide_through(views, &own, views_behind, &other)
    }

    /// Looks up what is asked.
    pub fn ready<'r>(&'r mut self, query: &'r Query<'r>) -> Ready<'r> {
        let views = self.views.iter().copied();
        self.scratch.ready(views, &self.plan, query)
    }
}
