//! The bucket behind an access point.

use portcullis_image::{Image, View};
use portcullis_model::{access_point, is_account_id, split_arn};
use portcullis_vm::{Explanation, Outcome, Plan, Query, ResourceRef, write_resource_behind};

use crate::scratch::Behind;

/// The bucket behind an S3 access point: its side must permit what is asked of the access point too (`S3-6`).
///
/// ```
/// use portcullis::{Authorizer, Bucket, PolicySet, Principal, Query};
/// let everything = |effect| format!(r#"{{"Statement": {{"Effect": "{effect}", "Principal": "*", "Action": "*", "Resource": "*"}}}}"#);
/// let ann = PolicySet::new().identity("ann",
///     r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#).compile()?;
/// let point = PolicySet::new().resource("point", &everything("Allow")).compile()?;
/// let closed = PolicySet::new().resource("bucket", &everything("Deny")).compile()?;
///
/// let caller = Principal::from_arn("arn:aws:iam::111122223333:user/ann")?;
/// let object = "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports/object/q1.csv";
/// let query = Query::new(&caller, "s3:GetObject", object);
/// let bucket = Bucket::new("arn:aws:s3:::team-data", [ann.clone(), closed]);
/// let authorizer = Authorizer::new([ann, point]);
/// assert!(authorizer.decide(&query).is_allow());
/// assert!(!authorizer.with_bucket(bucket).decide(&query).is_allow());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bucket<D = Vec<u8>> {
    arn: String,
    owner: Option<String>,
    images: Vec<Image<D>>,
    plan: Plan,
}

impl<D: AsRef<[u8]>> Bucket<D> {
    /// A bucket by its ARN, and the images that decide about it: those of the caller's policies again, and those of the
    /// bucket's policy and its account's resource control policies in place of the access point's.
    pub fn new(arn: &str, images: impl IntoIterator<Item = Image<D>>) -> Bucket<D> {
        let images: Vec<Image<D>> = images.into_iter().collect();
        Bucket {
            arn: arn.into(),
            owner: None,
            plan: Plan::of(images.iter().map(Image::view)),
            images,
        }
    }

    /// With the account that owns the bucket, twelve digits; without it, it is that of the request, or else the access
    /// point's.
    #[must_use]
    pub fn owned_by(mut self, account: &str) -> Bucket<D> {
        self.owner = Some(account.into());
        self
    }

    fn views(&self) -> impl Iterator<Item = View<'_>> + Clone {
        self.images.iter().map(Image::view)
    }

    /// Asks both sides: the access point's, which was looked up, and the bucket's. A request for something else than an
    /// access point is decided by neither.
    fn ask<T>(
        &self,
        query: &Query<'_>,
        behind: &mut Behind,
        ask: impl FnOnce(&portcullis_vm::Ready<'_>) -> T,
    ) -> Option<T> {
        behind.resource.clear();
        let point = query.resource.text();
        if !write_resource_behind(point, &self.arn, &mut behind.resource) {
            return None;
        }
        let of_point = || split_arn(point).map(|[.., account, _]| account);
        let owner = self.owner.as_deref().or(query.account);
        let query = Query {
            resource: ResourceRef::Text(&behind.resource),
            account: owner.or_else(|| of_point().filter(|account| is_account_id(account))),
            ..*query
        };
        let ready = behind.scratch.ready(self.views(), &self.plan, &query);
        Some(ask(&ready))
    }

    #[cold]
    pub(crate) fn decide<'i>(
        &'i self,
        images: impl Iterator<Item = View<'i>>,
        (query, own): (&Query<'_>, &portcullis_vm::Ready<'_>),
        behind: &mut Behind,
    ) -> Outcome {
        let decided = self.ask(query, behind, |other| {
            portcullis_vm::decide_through(images, own, self.views(), other)
        });
        decided.unwrap_or_else(Outcome::undecided)
    }

    pub(crate) fn explain<'i>(
        &'i self,
        images: impl Iterator<Item = View<'i>> + Clone,
        (query, own): (&Query<'_>, &portcullis_vm::Ready<'_>),
        behind: &mut Behind,
    ) -> Explanation {
        let explained = self.ask(query, behind, |other| {
            portcullis_vm::explain_through(images, own, self.views(), other)
        });
        explained.unwrap_or_else(Explanation::undecided)
    }
}

/// What is to be said of an access point whose bucket nobody named (`S3-6`).
pub(crate) fn unseen(resource: &str) -> Option<String> {
    let (point, _) = access_point(resource)?;
    Some(format!(
        "the policy of the bucket behind {point} was not seen"
    ))
}
