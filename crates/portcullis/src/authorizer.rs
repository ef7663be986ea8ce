//! The authorizer: images, and the requests that are decided against them.

use portcullis_image::{Image, View};
use portcullis_model::{PrincipalError, check_action, is_resource};
use portcullis_vm::{Action, Explanation, Key, Known, Outcome, Target, decide, explain};

use crate::Principal;

/// Decides requests against the policies of one image or several.
///
/// Immutable, so that threads share it without locks. Images may lie in anything that is bytes.
#[derive(Clone, Debug)]
pub struct Authorizer<D = Vec<u8>> {
    images: Vec<Image<D>>,
}

/// A principal, resolved for an authorizer. Another authorizer looks it up again.
#[derive(Clone, Debug)]
pub struct ResolvedPrincipal {
    principal: Principal,
    known: Known,
}

impl<D: AsRef<[u8]>> Authorizer<D> {
    /// An authorizer over these images. What one image says about a layer is added to what the
    /// others say about it.
    pub fn new(images: impl IntoIterator<Item = Image<D>>) -> Authorizer<D> {
        Authorizer {
            images: images.into_iter().collect(),
        }
    }

    fn views(&self) -> impl Iterator<Item = View<'_>> + Clone {
        self.images.iter().map(Image::view)
    }

    /// Resolves an action, `service:Name` in any case (`MATCH-10`). Another authorizer looks it up again, each time.
    ///
    /// A text that is no action of a request, such as one with a blank or a wildcard, is resolved to none, and every
    /// request for it is denied implicitly, by no policy set: patterns that allow would match what those that deny do
    /// not. [`check_action`](crate::check_action) says what is wrong with it.
    ///
    /// ```
    /// # use portcullis::{Authorizer, Decision, PolicySet};
    /// # let policy = r#"{"Version": "2012-10-17", "Statement": [
    /// #     {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    /// #     {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}]}"#;
    /// # let authorizer = Authorizer::new([PolicySet::new().identity("p", policy).compile()?]);
    /// let ann = "arn:aws:iam::111122223333:user/ann";
    /// let outcome = authorizer.check(ann, "s3:GetObject ", "arn:aws:s3:::b/k", &[])?;
    /// assert_eq!(outcome.decision(), Decision::ImplicitDeny);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn action(&self, name: &str) -> Action {
        Action::resolve(self.views(), of_request(name))
    }

    /// Resolves a condition key, in any case (`COND-40`). Another authorizer looks it up again, each time.
    pub fn key(&self, name: &str) -> Key {
        Key::resolve(self.views(), name)
    }

    /// True if no policy of this authorizer looks at a key, whoever resolved it: nobody need find out its value.
    /// To be asked of each authorizer anew, since the next may have policies that do.
    pub fn is_unused(&self, key: &Key) -> bool {
        key.is_unused(self.views())
    }

    /// Resolves a principal.
    pub fn principal(&self, principal: Principal) -> ResolvedPrincipal {
        let known = Known::resolve(self.views(), &principal.borrow());
        ResolvedPrincipal { principal, known }
    }

    /// An empty request, to be filled for each thing to decide. Keep one for each thread.
    pub fn request(&self) -> Request<'_, D> {
        Request {
            authorizer: self,
            inner: portcullis_vm::Request::new(),
        }
    }

    /// Decides one request from texts. Each key of the context has one value here.
    ///
    /// # Errors
    /// [`PrincipalError`] if the principal is not an ARN that can make requests.
    pub fn check(
        &self,
        principal: &str,
        action: &str,
        resource: &str,
        context: &[(&str, &str)],
    ) -> Result<Outcome, PrincipalError> {
        Ok(self.filled(principal, action, resource, context)?.decide())
    }

    /// Explains one request from texts.
    ///
    /// # Errors
    /// As [`Authorizer::check`].
    pub fn explain(
        &self,
        principal: &str,
        action: &str,
        resource: &str,
        context: &[(&str, &str)],
    ) -> Result<Explanation, PrincipalError> {
        Ok(self.filled(principal, action, resource, context)?.explain())
    }

    fn filled(
        &self,
        principal: &str,
        action: &str,
        resource: &str,
        context: &[(&str, &str)],
    ) -> Result<Request<'_, D>, PrincipalError> {
        let principal = Principal::from_arn(principal)?;
        let mut request = self.request();
        request.fill(&principal, action, &Target::new(resource), context);
        Ok(request)
    }
}

/// A request of an authorizer. It owns its texts and keeps its memory from one use to the next.
///
/// It is to be begun and finished, or filled as a whole; until then, and after each change until it is finished
/// again, it is denied implicitly, by no policy set. So is every request of an authorizer with an image of several
/// parts, which belongs in a directory.
#[derive(Clone, Debug)]
pub struct Request<'a, D = Vec<u8>> {
    authorizer: &'a Authorizer<D>,
    inner: portcullis_vm::Request,
}

impl<D: AsRef<[u8]>> Request<'_, D> {
    /// Forgets what the request held and begins a new one. Call [`Request::finish`] at the end.
    pub fn begin(&mut self, action: &Action) -> &mut Self {
        self.inner.begin(self.authorizer.views());
        self.inner.set_action(self.authorizer.views(), action);
        self
    }

    /// Gives a key its values, in addition to those it has. A key with more than one value is a multivalued key (`COND-20`); one
    /// without values is absent, and not derived.
    pub fn set(&mut self, key: &Key, values: &[&str]) -> &mut Self {
        self.inner.add_key(self.authorizer.views(), key, values);
        self
    }

    /// Gives a key its values, by its name in any case. Cheaper not to: [`Authorizer::key`].
    pub fn set_by_name(&mut self, key: &str, values: &[&str]) -> &mut Self {
        self.inner.add(self.authorizer.views(), key, values);
        self
    }

    /// Says who asks and for what, and derives the keys that follow (`KEY-5`). May be called again, for
    /// another caller or target with the same action and context. A resource that is neither an ARN nor `*` leaves
    /// the request unfinished.
    pub fn finish(&mut self, principal: &ResolvedPrincipal, target: &Target<'_>) -> &mut Self {
        if !is_resource(target.resource.text()) {
            // What the request was finished for before must not be decided either.
            self.inner.reopen();
            return self;
        }
        let known = Some(&principal.known);
        let principal = principal.principal.borrow();
        self.inner
            .finish(self.authorizer.views(), &principal, known, target);
        self
    }

    /// Fills the whole request from texts. Each key of the context has one value here; keys with
    /// several are given with [`Request::set_by_name`].
    pub fn fill(
        &mut self,
        principal: &Principal,
        action: &str,
        target: &Target<'_>,
        context: &[(&str, &str)],
    ) -> &mut Self {
        let views = || self.authorizer.views();
        self.inner.begin(views());
        for (key, value) in context {
            self.inner.add(views(), key, &[value]);
        }
        self.inner.set_action_name(views(), of_request(action));
        if !is_resource(target.resource.text()) {
            return self;
        }
        self.inner
            .finish(views(), &principal.borrow(), None, target);
        self
    }

    /// Fills the whole request from a request of the shared vocabulary, as scenario files have them.
    pub fn fill_from(&mut self, request: &portcullis_model::Request<'_>) -> &mut Self {
        let request = portcullis_model::Request {
            action: match is_resource(request.resource) {
                true => of_request(request.action),
                false => "",
            },
            ..*request
        };
        self.inner.fill(self.authorizer.views(), &request);
        self
    }

    /// Decides. Total, and without allocation. A request that is not finished, or was changed since, is an
    /// implicit deny.
    #[inline]
    pub fn decide(&self) -> Outcome {
        decide(self.authorizer.views(), &self.inner)
    }

    /// Explains.
    pub fn explain(&self) -> Explanation {
        explain(self.authorizer.views(), &self.inner)
    }
}

/// The action if it is one of a request, and otherwise none.
fn of_request(action: &str) -> &str {
    match check_action(action) {
        Ok(()) => action,
        Err(_) => "",
    }
}
