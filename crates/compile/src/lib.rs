//! The compiler of portcullis: from policy documents to an image.
//!
//! [`compile`] lowers every statement of a [`PolicySets`] to a head (principals, actions, resources)
//! and a guard (the condition), shares what is equal, and lays the result out as an image. The same
//! input gives the same bytes, on every machine: numbers are given in order of first use, and hash
//! tables only ever answer whether something was seen before.

mod condition;
mod emit;
mod fold;
mod index;
mod intern;
mod lower;
mod pattern;
mod program;
mod public;

use core::fmt;

use crate::program::Program;
use portcullis_image::LayerSet;
use portcullis_syntax::{Policy, PolicySets};

/// What to compile beside the policies themselves.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Keep what explanations print: names, places and the conditions as written. Without it an
    /// image is smaller and decides the same.
    pub debug: bool,
    /// Build the index. Without it every decision looks at every statement, and is the same.
    pub index: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            debug: true,
            index: true,
        }
    }
}

/// Why policies cannot be an image: they exceed what an image can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// An organization chain has more levels than a decision can hold.
    TooManyLevels {
        /// How many there are.
        levels: usize,
    },
    /// The image would be larger than its offsets can say: 2 GiB.
    TooLarge,
    /// The sets have a bucket behind an access point, which is asked another resource (`S3-6`): its
    /// policies are an image of their own (`PolicySets::of_bucket`).
    Bucket,
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::TooManyLevels { levels } => write!(
                f,
                "an organization chain of {levels} levels; at most {} are possible",
                portcullis_model::Layer::MAX_LEVELS
            ),
            CompileError::TooLarge => f.write_str("the image would be larger than 2 GiB"),
            CompileError::Bucket => f.write_str(
                "one image cannot hold the policies of an access point and of the bucket behind it",
            ),
        }
    }
}

impl core::error::Error for CompileError {}

/// Compiles the policies of a decision to an image.
///
/// Takes time and memory linear in the policies.
///
/// # Errors
/// [`CompileError`] if the policies exceed what an image can hold.
pub fn compile(sets: &PolicySets<'_>, options: Options) -> Result<Vec<u8>, CompileError> {
    if sets.bucket.is_some() {
        return Err(CompileError::Bucket);
    }
    let mut program = Program::new(options);
    program.part(&lower::layers_of(sets)?);
    emit::emit(program)
}

/// Policies that are decided together: a part of an image.
#[derive(Clone, Copy, Debug)]
pub struct Part<'s, 'a> {
    /// The layers that the part can stand for; a decision names the one that it stands for there.
    pub layers: LayerSet,
    /// The policies.
    pub policies: &'s [Policy<'a>],
}

/// Compiles many sets of policies to one image, in which each is a part. A decision names the parts
/// that take part, and what they stand for.
///
/// Parts come one by one, so that whoever has many need not hold the trees of all.
pub struct Compiler(Program);

impl core::fmt::Debug for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiler").finish_non_exhaustive()
    }
}

impl Compiler {
    /// A compiler of an image without parts.
    pub fn new(options: Options) -> Compiler {
        Compiler(Program::new(options))
    }

    /// Adds a part, whose number is how many were added before. Takes time linear in its policies.
    pub fn add(&mut self, part: Part<'_, '_>) {
        self.0.part(&[(part.layers, part.policies)]);
    }

    /// The image.
    ///
    /// # Errors
    /// [`CompileError`] if the policies exceed what an image can hold.
    pub fn finish(self) -> Result<Vec<u8>, CompileError> {
        emit::emit(self.0)
    }
}
