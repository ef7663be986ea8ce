//! Sets of layers.
//!
//! A statement stands for some layers, and one look at it judges all of them, so sets are joined and cut in the
//! innermost loop: they are one number of 32 bits, and copied. The bits are part of the format. A set type of the standard
//! library would allocate or hash; a bare number would let a mask be taken for an id.

use core::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, Not};

use portcullis_model::Layer;

/// A set of layers: which of the policies of a decision something is about. As it lies in an image, a mask.
///
/// ```
/// use portcullis_image::LayerSet;
/// use portcullis_model::Layer;
///
/// let set = LayerSet::of(Layer::Scp(1)) | LayerSet::IDENTITY;
/// assert!(set.contains(Layer::Identity) && set.meets(LayerSet::SCPS));
/// assert!(!set.contains_all(LayerSet::SCPS));
/// // In the order in which reasons are named (`EVAL-11`).
/// assert_eq!(set.iter().collect::<Vec<_>>(), [Layer::Scp(1), Layer::Identity]);
/// ```
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LayerSet(u32);

const LEVELS: u32 = (1 << Layer::MAX_LEVELS) - 1;
/// The bits of the first levels.
const SCP: u32 = 5;
const RCP: u32 = 18;

impl LayerSet {
    /// No layer.
    pub const EMPTY: LayerSet = LayerSet(0);
    /// Every layer, and [`LayerSet::NO_LAYER`].
    pub const ALL: LayerSet = LayerSet(u32::MAX);
    /// The layer of the identity policies.
    pub const IDENTITY: LayerSet = LayerSet::of(Layer::Identity);
    /// The layer of the permissions boundary.
    pub const BOUNDARY: LayerSet = LayerSet::of(Layer::Boundary);
    /// The layer of the session policies.
    pub const SESSION: LayerSet = LayerSet::of(Layer::Session);
    /// The layer of the resource policy.
    pub const RESOURCE: LayerSet = LayerSet::of(Layer::Resource);
    /// The layer of the policy of a VPC endpoint.
    pub const VPC_ENDPOINT: LayerSet = LayerSet::of(Layer::VpcEndpoint);
    /// All levels of the service control policies.
    pub const SCPS: LayerSet = LayerSet(LEVELS << SCP);
    /// All levels of the resource control policies.
    pub const RCPS: LayerSet = LayerSet(LEVELS << RCP);
    /// A bit that stands for no layer, and that no image has: for sets that must not be empty.
    pub const NO_LAYER: LayerSet = LayerSet(1 << 31);

    /// The set of one layer. A level beyond [`Layer::MAX_LEVELS`] is taken as the last.
    #[inline]
    pub const fn of(layer: Layer) -> LayerSet {
        LayerSet(1 << bit(layer))
    }

    /// The set with this mask, as the format has it. Every mask is a set; bits that stand for no layer stay.
    #[inline(always)]
    pub const fn from_bits(bits: u32) -> LayerSet {
        LayerSet(bits)
    }

    /// The mask of the set.
    #[inline(always)]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// True if there is no layer in the set.
    #[inline(always)]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True if the layer is in the set.
    #[inline(always)]
    pub const fn contains(self, layer: Layer) -> bool {
        self.meets(LayerSet::of(layer))
    }

    /// True if all layers of the other set are in this one; so of the empty set.
    #[inline(always)]
    pub const fn contains_all(self, other: LayerSet) -> bool {
        other.0 & !self.0 == 0
    }

    /// True if the sets have a layer in common; never for the empty set.
    #[inline(always)]
    pub const fn meets(self, other: LayerSet) -> bool {
        self.0 & other.0 != 0
    }

    /// The layers of both sets; `|` in constants.
    #[inline(always)]
    #[must_use]
    pub const fn union(self, other: LayerSet) -> LayerSet {
        LayerSet(self.0 | other.0)
    }

    /// The layers of this set that are not in the other.
    #[inline(always)]
    #[must_use]
    pub const fn without(self, other: LayerSet) -> LayerSet {
        LayerSet(self.0 & !other.0)
    }

    /// The layers in the order in which reasons are named: RCP, SCP, VPC endpoint, resource, identity, boundary,
    /// session (`EVAL-11`).
    pub fn iter(self) -> impl Iterator<Item = Layer> {
        let levels = || 0..Layer::MAX_LEVELS;
        levels()
            .map(Layer::Rcp)
            .chain(levels().map(Layer::Scp))
            .chain([
                Layer::VpcEndpoint,
                Layer::Resource,
                Layer::Identity,
                Layer::Boundary,
                Layer::Session,
            ])
            .filter(move |layer| self.contains(*layer))
    }
}

/// The bit of a layer, which is part of the format.
const fn bit(layer: Layer) -> u32 {
    match layer {
        Layer::Identity => 0,
        Layer::Boundary => 1,
        Layer::Session => 2,
        Layer::Resource => 3,
        Layer::VpcEndpoint => 4,
        Layer::Scp(level) => SCP + level_of(level),
        Layer::Rcp(level) => RCP + level_of(level),
    }
}

/// A level as a number of bits, the last one for all beyond.
const fn level_of(level: u8) -> u32 {
    // `From` is not for constants.
    match level < Layer::MAX_LEVELS {
        true => level as u32,
        false => Layer::MAX_LEVELS as u32 - 1,
    }
}

impl BitOr for LayerSet {
    type Output = LayerSet;
    #[inline(always)]
    fn bitor(self, other: LayerSet) -> LayerSet {
        self.union(other)
    }
}

impl BitOrAssign for LayerSet {
    #[inline(always)]
    fn bitor_assign(&mut self, other: LayerSet) {
        *self = *self | other;
    }
}

impl BitAnd for LayerSet {
    type Output = LayerSet;
    #[inline(always)]
    fn bitand(self, other: LayerSet) -> LayerSet {
        LayerSet(self.0 & other.0)
    }
}

impl BitAndAssign for LayerSet {
    #[inline(always)]
    fn bitand_assign(&mut self, other: LayerSet) {
        *self = *self & other;
    }
}

impl Not for LayerSet {
    type Output = LayerSet;
    #[inline(always)]
    fn not(self) -> LayerSet {
        LayerSet(!self.0)
    }
}

impl From<Layer> for LayerSet {
    fn from(layer: Layer) -> LayerSet {
        LayerSet::of(layer)
    }
}

impl FromIterator<LayerSet> for LayerSet {
    fn from_iter<I: IntoIterator<Item = LayerSet>>(sets: I) -> LayerSet {
        sets.into_iter().fold(LayerSet::EMPTY, BitOr::bitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_are_their_levels() {
        let all = |layer: fn(u8) -> Layer| -> LayerSet {
            (0..Layer::MAX_LEVELS)
                .map(|level| LayerSet::of(layer(level)))
                .collect()
        };
        assert_eq!(LayerSet::SCPS, all(Layer::Scp));
        assert_eq!(LayerSet::RCPS, all(Layer::Rcp));
        assert!(!LayerSet::SCPS.meets(LayerSet::RCPS));
    }

    #[test]
    fn a_set_holds_what_it_is_of_in_the_order_of_reasons() {
        let set = LayerSet::SESSION | LayerSet::of(Layer::Scp(2)) | LayerSet::of(Layer::Rcp(0));
        let order = [Layer::Rcp(0), Layer::Scp(2), Layer::Session];
        assert!(set.iter().eq(order));
        assert_eq!(
            LayerSet::ALL.without(LayerSet::NO_LAYER).iter().count(),
            5 + 2 * 13
        );
        assert!(LayerSet::NO_LAYER.iter().next().is_none());
    }
}
