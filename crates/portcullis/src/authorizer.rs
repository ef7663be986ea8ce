//! The authorizer: the policies that requests are decided against.

use std::cell::RefCell;

use portcullis_image::{Image, View};
use portcullis_model::Layer;
use portcullis_vm::{CallSite, Outcome, Plan, PrincipalHandle};

use crate::bucket::{self, Bucket};
use crate::explanation::Explanation;
use crate::scratch::{Behind, Scratch, with_own};
use crate::{Principal, Query, layer_name};

/// Decides requests against the policies of one image or several.
///
/// It never changes, so that threads share it without locks: behind an [`Arc`](std::sync::Arc), which is swapped when
/// policies change. Images may lie in anything that is bytes.
///
/// ```
/// fn shared<T: Send + Sync + 'static>() {}
/// shared::<portcullis::Authorizer>();
/// ```
#[derive(Clone, Debug)]
pub struct Authorizer<D = Vec<u8>> {
    images: Vec<Image<D>>,
    plan: Plan,
    bucket: Option<Box<Bucket<D>>>,
}

/// A principal, resolved for an authorizer, which is worth it for a session of some requests.
///
/// It owns what it holds, and knows whose it is: another authorizer looks it up again, for each decision.
#[derive(Clone, Debug)]
pub struct ResolvedPrincipal {
    pub(crate) principal: Principal,
    pub(crate) known: PrincipalHandle,
}

impl ResolvedPrincipal {
    /// The principal that was resolved.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }
}

/// A request that was looked up, and can be decided any number of times.
#[derive(Debug)]
pub struct Ready<'a, D = Vec<u8>> {
    authorizer: &'a Authorizer<D>,
    query: &'a Query<'a>,
    inner: portcullis_vm::Ready<'a>,
    /// For the bucket behind an access point, if there is one.
    behind: Option<RefCell<&'a mut Behind>>,
}

impl<D: AsRef<[u8]>> Ready<'_, D> {
    /// Decides. Total, and without allocation.
    #[inline]
    pub fn decide(&self) -> Outcome {
        let views = self.authorizer.views();
        match (&self.authorizer.bucket, &self.behind) {
            (Some(bucket), Some(behind)) => {
                let own = (&self.query.inner, &self.inner);
                bucket.decide(views, own, &mut behind.borrow_mut())
            }
            _ => self.inner.decide(views),
        }
    }

    /// Explains, as [`Authorizer::explain`] does.
    pub fn explain(&self) -> Explanation {
        let views = self.authorizer.views();
        let told = match (&self.authorizer.bucket, &self.behind) {
            (Some(bucket), Some(behind)) => {
                let own = (&self.query.inner, &self.inner);
                bucket.explain(views, own, &mut behind.borrow_mut())
            }
            _ => self.inner.explain(views),
        };
        Explanation::new(told, self.query, self.notes())
    }

    /// What was taken for granted: an owner that nothing names (`EVAL-12`), a VPC endpoint or a bucket whose policy was
    /// not seen (`VPCE-5`, `S3-6`), and policy sets that take no part.
    pub fn notes(&self) -> Vec<String> {
        let has_endpoint_policy = self.inner.has_layer(Layer::VpcEndpoint);
        let assumed = portcullis_vm::assumptions(&self.query.inner, has_endpoint_policy);
        let mut notes: Vec<String> = assumed.into_iter().map(str::to_string).collect();
        if self.authorizer.bucket.is_none() {
            notes.extend(bucket::unseen(self.query.inner.resource.text()));
        }
        notes.extend(self.inner.left_out().map(|(layer, reason)| {
            let name = layer_name(layer);
            format!("the policies of `{name}` do not take part: {reason}")
        }));
        notes
    }
}

impl<D: AsRef<[u8]>> Authorizer<D> {
    /// An authorizer over these images. What one image says about a layer is added to what the
    /// others say about it.
    ///
    /// An image of several parts belongs in a directory: with one, every request is denied implicitly, by no policy set.
    ///
    /// Takes time linear in the condition keys that the policies look at.
    pub fn new(images: impl IntoIterator<Item = Image<D>>) -> Authorizer<D> {
        let images: Vec<Image<D>> = images.into_iter().collect();
        Authorizer {
            plan: Plan::of(images.iter().map(Image::view)),
            images,
            bucket: None,
        }
    }

    /// The same for requests to an access point, with the bucket behind it (`S3-6`). A request for anything else is denied
    /// implicitly, by no policy set.
    #[must_use]
    pub fn with_bucket(mut self, bucket: Bucket<D>) -> Authorizer<D> {
        self.bucket = Some(Box::new(bucket));
        self
    }

    fn views(&self) -> impl Iterator<Item = View<'_>> + Clone {
        self.images.iter().map(Image::view)
    }

    /// Decides a request.
    ///
    /// Uses memory of the thread, which is freed with it. Does not allocate once that has seen the thread's largest
    /// request.
    #[inline]
    pub fn decide(&self, query: &Query<'_>) -> Outcome {
        with_own(|scratch| self.decide_with(scratch, query))
    }

    /// Decides a request with the host's own memory. Does not allocate once that has seen its largest request.
    #[inline]
    pub fn decide_with(&self, scratch: &mut Scratch, query: &Query<'_>) -> Outcome {
        if self.bucket.is_some() {
            return self.ready(scratch, query).decide();
        }
        let ready = (scratch.own).ready_once(self.views(), &self.plan, &query.inner);
        ready.if_plain().decide(self.views())
    }

    /// Looks up what a request consists of, to decide it, and perhaps to explain it too.
    ///
    /// ```
    /// # use portcullis::{Authorizer, PolicySet, Principal, Query, Scratch};
    /// # let authorizer = Authorizer::new([PolicySet::new().compile()?]);
    /// # let ann = Principal::from_arn("arn:aws:iam::111122223333:user/ann")?;
    /// let mut scratch = Scratch::new();
    /// let query = Query::new(&ann, "s3:GetObject", "arn:aws:s3:::reports/2026.csv");
    /// let ready = authorizer.ready(&mut scratch, &query);
    /// if !ready.decide().is_allow() {
    ///     println!("{:?}", ready.explain().missing_keys);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn ready<'a>(&'a self, scratch: &'a mut Scratch, query: &'a Query<'a>) -> Ready<'a, D> {
        let Scratch { own, behind } = scratch;
        let behind =
            (self.bucket.as_ref()).map(|_| RefCell::new(&mut **behind.get_or_insert_default()));
        Ready {
            authorizer: self,
            query,
            inner: own.ready(self.views(), &self.plan, &query.inner).if_plain(),
            behind,
        }
    }

    /// Decides many requests and calls back with the place and the outcome of each, in order. Policies that are larger
    /// than the processor's caches are read ahead for some requests at once, which saves a third of the time.
    pub fn decide_many(
        &self,
        scratch: &mut Scratch,
        queries: &[Query<'_>],
        mut decided: impl FnMut(usize, Outcome),
    ) {
        let (plan, views) = (&self.plan, || self.views());
        let mut place = 0;
        for chunk in queries.chunks(portcullis_vm::AHEAD) {
            let inner = chunk.iter().map(|query| &query.inner);
            portcullis_vm::read_ahead(views(), plan, &mut scratch.own, inner);
            for query in chunk {
                decided(place, self.decide_with(scratch, query));
                place += 1;
            }
        }
    }

    /// Explains a request: the decision, what every policy says to it, and the first of what would have to change.
    /// Allocates, and takes time linear in the statements.
    pub fn explain(&self, query: &Query<'_>) -> Explanation {
        self.ready(&mut Scratch::new(), query).explain()
    }

    /// Resolves the action and the condition keys of one place in a program, as a database prepares a statement
    /// ([`Query::at`]).
    ///
    /// The site owns what it holds and may live as long as the program: an authorizer that it was not prepared for
    /// resolves it again, for each decision, so that a decision is right in any case; prepare anew to be fast again.
    pub fn prepare(&self, action: &str, keys: &[&str]) -> CallSite {
        CallSite::resolve(self.views(), action, keys)
    }

    /// Resolves a principal: finds the entries of policies that name it.
    pub fn resolve(&self, principal: Principal) -> ResolvedPrincipal {
        let known = PrincipalHandle::resolve(self.views(), &principal.borrow());
        ResolvedPrincipal { principal, known }
    }

    /// True if some policy looks at a condition key, in any case (`COND-40`). To be asked of each authorizer anew, since
    /// the next may have policies that do.
    pub fn uses_key(&self, name: &str) -> bool {
        portcullis_vm::uses_key(self.views(), name)
    }
}
