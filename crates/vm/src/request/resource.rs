//! The resource of a request.
//!
//! Its text is all that policies match. Beside it a decision asks whose it is, whether it is a key or a role, and for its
//! segments, by which candidates are found: reading these once pays for a resource that is asked for again and again.

use alloc::string::String;
use core::ops::Range;

use portcullis_image::index::Segments;
use portcullis_model::{arn_account, split_arn};

use crate::combine::ownership::{HomeAccount, Ownership, ResourceParts};

/// The ARN of all buckets of a partition, of which `s3:ListAllMyBuckets` is asked where a request says `*` (`MATCH-37`),
/// in parts that are to be joined. The partition is `aws` unless the caller has another.
///
/// ```
/// assert_eq!(portcullis_vm::all_buckets(Some("aws-cn")).concat(), "arn:aws-cn:s3:::*");
/// ```
pub fn all_buckets(partition: Option<&str>) -> [&str; 3] {
    ["arn:", partition.unwrap_or("aws"), ":s3:::*"]
}

/// A target's ARN that was read once, to be used in many requests, whatever the images are: it belongs to no stack. It takes
/// about half a kilobyte and the text.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// As it was given.
    text: String,
    /// All of them, whatever a decision needs.
    pub(crate) segments: Segments,
    /// The text is `*`: no resource in particular (`MATCH-28`).
    is_star: bool,
    /// The ARN is that of a KMS key.
    is_key: bool,
    /// The ARN is that of an IAM role.
    is_role: bool,
    /// Where the text has the partition and the owner's account, if it has.
    partition: Option<Range<usize>>,
    account: Option<Range<usize>>,
}

impl Resource {
    /// Reads an ARN, or `*` (`MATCH-28`). Every text can be read.
    ///
    /// ```
    /// let bucket = portcullis_vm::Resource::read("arn:aws:s3:::reports");
    /// assert_eq!(bucket.text(), "arn:aws:s3:::reports");
    /// ```
    pub fn read(text: &str) -> Resource {
        let mut resource = Resource::default();
        resource.set(text, split_arn(text));
        resource
    }

    /// Becomes that of a text, and of what [`split_arn`] gives for it.
    fn set(&mut self, text: &str, parts: Option<[&str; 6]>) {
        let starts = parts.map(|parts| {
            let [scheme, partition, service, region, ..] = parts.map(|part| part.len() + 1);
            [scheme, scheme + partition + service + region]
        });
        let [partition, account] = starts.unwrap_or_default();
        let place = |start: usize, part: Option<&str>| Some(start..start + part?.len());
        let parts = ResourceParts::of(text, parts);
        self.text.clear();
        self.text.push_str(text);
        self.segments.set(text.as_bytes());
        self.is_star = parts.is_star;
        self.is_key = parts.is_key;
        self.is_role = parts.is_role;
        self.partition = place(partition, parts.partition);
        self.account = place(account, parts.account);
    }

    /// The text, as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the decision needs to know of it.
    #[inline]
    pub(crate) fn parts(&self) -> ResourceParts<'_> {
        let part = |range: &Option<Range<usize>>| {
            let Range { start, end } = *range.as_ref()?;
            self.text.get(start..end)
        };
        ResourceParts {
            is_star: self.is_star,
            partition: part(&self.partition),
            account: part(&self.account),
            is_key: self.is_key,
            is_role: self.is_role,
        }
    }
}

/// A target's ARN with what decisions by units look at: of a [`Resource`], or of a text that was split. For hosts that decide
/// by an [`Evaluation`](crate::Evaluation).
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    text: &'a str,
    parts: ResourceParts<'a>,
    /// None if nobody cut it.
    segments: Option<&'a Segments>,
}

impl<'a> Target<'a> {
    /// Of a text, and what [`split_arn`] gives for it: whoever has split an ARN for its own use need not do so again.
    ///
    /// ```
    /// use portcullis_model::split_arn;
    /// use portcullis_vm::Target;
    ///
    /// let arn = "arn:aws:sqs:eu-west-1:111122223333:jobs";
    /// let target = Target::of(arn, split_arn(arn));
    /// assert_eq!((target.account(), target.is_star()), (Some("111122223333"), false));
    /// ```
    pub fn of(text: &'a str, parts: Option<[&'a str; 6]>) -> Target<'a> {
        Target {
            text,
            parts: ResourceParts::of(text, parts),
            segments: None,
        }
    }

    /// With another text: that of all buckets ([`all_buckets`]) in the place of `*`. Whose they are stays as open as it
    /// is of `*`.
    #[must_use]
    pub fn with_text(self, text: &'a str) -> Target<'a> {
        Target {
            text,
            segments: None,
            ..self
        }
    }

    /// The text.
    #[inline]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// True for `*` (`MATCH-28`).
    #[inline]
    pub fn is_star(&self) -> bool {
        self.parts.is_star
    }

    /// The partition that an ARN names.
    #[inline]
    pub fn partition(&self) -> Option<&'a str> {
        self.parts.partition
    }

    /// The owner's account, if the ARN tells it (`EVAL-12`).
    pub fn account(&self) -> Option<&'a str> {
        self.parts.account
    }

    /// Whose the resource is, to a caller who is at home somewhere; the request may say the owner.
    pub fn ownership(&self, home: HomeAccount<'_>, account: Option<&str>) -> Ownership {
        Ownership::of(home, account, &self.parts)
    }

    /// See [`ResourceParts`].
    #[inline]
    pub(crate) fn is_key_or_role(&self) -> (bool, bool) {
        (self.parts.is_key, self.parts.is_role)
    }

    /// Its segments, if somebody cut it.
    #[inline]
    pub(crate) fn segments(&self) -> Option<&'a Segments> {
        self.segments
    }
}

impl<'a> From<&'a Resource> for Target<'a> {
    fn from(resource: &'a Resource) -> Target<'a> {
        Target {
            text: &resource.text,
            parts: resource.parts(),
            segments: Some(&resource.segments),
        }
    }
}

/// A target's ARN: a text, or one that was read before. Both decide alike.
#[derive(Clone, Copy, Debug)]
pub enum ResourceRef<'a> {
    /// An ARN, or `*` (`MATCH-28`).
    Text(&'a str),
    /// The same, read before.
    Read(&'a Resource),
}

impl<'a> ResourceRef<'a> {
    /// The text.
    pub fn text(self) -> &'a str {
        match self {
            ResourceRef::Text(text) => text,
            ResourceRef::Read(resource) => &resource.text,
        }
    }

    /// The account that an ARN tells.
    #[inline]
    pub(crate) fn account(self) -> Option<&'a str> {
        match self {
            ResourceRef::Text(text) => arn_account(text),
            ResourceRef::Read(resource) => resource.parts().account,
        }
    }

    /// What the decision needs to know of it; a text is split for that.
    pub(crate) fn parts(self) -> ResourceParts<'a> {
        match self {
            ResourceRef::Text(text) => ResourceParts::of(text, split_arn(text)),
            ResourceRef::Read(resource) => resource.parts(),
        }
    }
}

impl<'a> From<&'a str> for ResourceRef<'a> {
    fn from(text: &'a str) -> ResourceRef<'a> {
        ResourceRef::Text(text)
    }
}

impl<'a> From<&'a String> for ResourceRef<'a> {
    fn from(text: &'a String) -> ResourceRef<'a> {
        ResourceRef::Text(text)
    }
}

impl<'a> From<&'a Resource> for ResourceRef<'a> {
    fn from(resource: &'a Resource) -> ResourceRef<'a> {
        ResourceRef::Read(resource)
    }
}
