//! Requests that reach a resource through another one: the bucket behind an access point (`S3-6`).

use alloc::string::String;

use portcullis_image::{View, layer_mask};
use portcullis_model::{Layer, split_arn};

use crate::caller::RCP_CHAIN;
use crate::combine::{Outcome, Verdicts, combine};
use crate::request::Request;
use crate::stack::Mark;
use crate::walk::{decide, verdicts};

/// Decides a request for an access point, whose bucket must permit it too (`S3-6`).
///
/// `behind` is the same request for what it reaches ([`resource_behind`]), filled for the same policies but for
/// those of the bucket's side: its policy and the resource control policies of its account stand for those of the
/// access point. An Allow of the policies of the caller is one of the access point, and serves for both sides; a Deny
/// of them may be of either.
///
/// Total and without allocation.
pub fn decide_through<'i>(
    images: impl Iterator<Item = View<'i>> + Clone,
    request: &Request,
    images_behind: impl Iterator<Item = View<'i>> + Clone,
    behind: &Request,
) -> Outcome {
    let outcome = decide(images.clone(), request);
    if !behind.is_ready_for(Mark::of(images_behind.clone())) {
        return outcome.and(Outcome::unready());
    }
    let of_caller = verdicts(images, request);
    let of_side = verdicts(images_behind, behind);
    let side = RCP_CHAIN | layer_mask(Layer::Resource);
    let joined = |of_caller: u32, of_side: u32| of_caller & !side | of_side & side;
    let verdicts = Verdicts {
        present: joined(of_caller.present, of_side.present),
        deny: joined(of_caller.deny, of_side.deny) | of_side.deny,
        allow: joined(of_caller.allow, of_side.allow),
        grant: of_side.grant,
        public: of_side.public,
    };
    outcome.and(combine(&behind.facts, &verdicts))
}

/// What a request for an access point asks of the bucket behind it, whose ARN is given: the bucket, or an object
/// in it. None if the resource is no access point.
///
/// ```
/// use portcullis_vm::resource_behind;
/// let object = "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports/object/2026/q1.csv";
/// let behind = resource_behind(object, "arn:aws:s3:::team-data");
/// assert_eq!(behind.as_deref(), Some("arn:aws:s3:::team-data/2026/q1.csv"));
/// assert_eq!(resource_behind("arn:aws:s3:::team-data", "arn:aws:s3:::team-data"), None);
/// ```
pub fn resource_behind(access_point: &str, bucket: &str) -> Option<String> {
    let (_, rest) = portcullis_model::access_point(access_point)?;
    let mut behind = String::from(bucket);
    if let Some(rest) = rest.strip_prefix('/') {
        let key = rest.strip_prefix("object/").unwrap_or(rest);
        // Buckets on Outposts have ARNs of another form.
        let is_plain = matches!(split_arn(bucket), Some([_, _, "s3", "", "", _]));
        behind.push_str(if is_plain { "/" } else { "/object/" });
        behind.push_str(key);
    }
    Some(behind)
}
