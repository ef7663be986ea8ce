//! Requests that reach a bucket through an access point (`S3-6`).
//!
//! Such a request is decided twice, at the access point and at the bucket behind it, by other policies of the resource's
//! side. They are two requests and two stacks, not one with twice the layers: the resource differs, and with it the
//! candidates of every statement. It costs what two decisions cost, and two scratches.
//!
//! Which bucket is behind an access point the ARN does not say: the host knows it, or nothing is allowed.

use alloc::string::String;

use portcullis_image::{LayerSet, View};
use portcullis_model::{Effect, Layer, split_arn};

use crate::combine::{Outcome, Verdicts, combine};
use crate::decide::accumulated;
use crate::explain::report::{Explanation, LayerReport};
use crate::prepare::ready::Ready;

/// Decides a request for an access point, whose bucket must permit it too (`S3-6`).
///
/// `behind` is the same request for what it reaches ([`resource_behind`]), for the same policies but for
/// those of the bucket's side: its policy and the resource control policies of its account stand for those of the
/// access point. An Allow of the policies of the caller is one of the access point, and serves for both sides; a Deny
/// of them may be of either.
///
/// Total and without allocation. If one of the two is not fit to be decided, neither is the whole.
pub fn decide_through<'i>(
    images: impl Iterator<Item = View<'i>>,
    request: &Ready<'_>,
    images_behind: impl Iterator<Item = View<'i>>,
    behind: &Ready<'_>,
) -> Outcome {
    let Some(of_caller) = accumulated(images, request) else {
        return Outcome::undecided();
    };
    let outcome = of_caller.outcome(request.inputs(), request.present());
    let Some(of_side) = accumulated(images_behind, behind) else {
        return outcome.and(Outcome::undecided());
    };
    let of_caller = of_caller.verdicts(request.present());
    let of_side = of_side.verdicts(behind.present());
    let side = LayerSet::RCPS | LayerSet::RESOURCE;
    let joined = |of_caller: LayerSet, of_side: LayerSet| of_caller.without(side) | of_side & side;
    let verdicts = Verdicts {
        present: joined(of_caller.present, of_side.present),
        deny: joined(of_caller.deny, of_side.deny) | of_side.deny,
        allow: joined(of_caller.allow, of_side.allow),
        grant: of_side.grant,
        public: of_side.public,
    };
    outcome.and(combine(behind.inputs(), &verdicts))
}

/// Explains what [`decide_through`] decides: what the side of the bucket says stands behind what decides about the access
/// point itself. Keys, missing keys and notes are those of both, each once. Allocates.
pub fn explain_through<'i>(
    images: impl Iterator<Item = View<'i>> + Clone,
    request: &Ready<'_>,
    images_behind: impl Iterator<Item = View<'i>> + Clone,
    behind: &Ready<'_>,
) -> Explanation {
    let outcome = decide_through(images.clone(), request, images_behind.clone(), behind);
    let mut all = request.explain(images);
    let of_bucket = behind.explain(images_behind);
    let counts = |layer: &LayerReport| {
        let is_of_side = matches!(layer.layer, Layer::Resource | Layer::Rcp(_));
        is_of_side || layer.reason.is_none() && layer.verdict == Some(Effect::Deny)
    };
    all.layers
        .extend(of_bucket.layers.into_iter().filter(counts));
    for key in of_bucket.missing_keys {
        if !all.missing_keys.contains(&key) {
            all.missing_keys.push(key);
        }
    }
    for key in of_bucket.keys {
        if !all.keys.contains(&key) {
            all.keys.push(key);
        }
    }
    for note in of_bucket.notes {
        if !all.notes.contains(&note) {
            all.notes.push(note);
        }
    }
    all.outcome = outcome;
    all
}

/// Writes what a request for an access point asks of the bucket behind it, whose ARN is given: the bucket, or an object
/// in it. False, and nothing is written, if the resource is no access point.
///
/// ```
/// use portcullis_vm::write_resource_behind;
/// let object = "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports/object/2026/q1.csv";
/// let mut behind = String::new();
/// assert!(write_resource_behind(object, "arn:aws:s3:::team-data", &mut behind));
/// assert_eq!(behind, "arn:aws:s3:::team-data/2026/q1.csv");
/// assert!(!write_resource_behind("arn:aws:s3:::team-data", "arn:aws:s3:::team-data", &mut behind));
/// ```
pub fn write_resource_behind(access_point: &str, bucket: &str, out: &mut String) -> bool {
    let Some((_, rest)) = portcullis_model::access_point(access_point) else {
        return false;
    };
    out.push_str(bucket);
    if let Some(rest) = rest.strip_prefix('/') {
        let key = rest.strip_prefix("object/").unwrap_or(rest);
        // Buckets on Outposts have ARNs of another form.
        let is_plain = matches!(split_arn(bucket), Some([_, _, "s3", "", "", _]));
        out.push_str(if is_plain { "/" } else { "/object/" });
        out.push_str(key);
    }
    true
}

/// The same as a text of its own; none if the resource is no access point.
///
/// ```
/// use portcullis_vm::resource_behind;
///
/// let point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports";
/// assert_eq!(resource_behind(point, "arn:aws:s3:::team-data").as_deref(), Some("arn:aws:s3:::team-data"));
/// assert_eq!(resource_behind("*", "arn:aws:s3:::team-data"), None);
/// ```
pub fn resource_behind(access_point: &str, bucket: &str) -> Option<String> {
    let mut out = String::new();
    write_resource_behind(access_point, bucket, &mut out).then_some(out)
}
