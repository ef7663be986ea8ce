//! The compiler of portcullis: from policy documents to an image.
//!
//! [`compile`] lowers every statement of a [`PolicySets`] to a head (principals, actions, resources)
//! and a guard (the condition), shares what is equal, and lays the result out as an image. [`Compiler`]
//! does the same for many sets of policies in one image, as a directory has them.
//!
//! # What goes in, and what comes out
//!
//! Documents were read without an error: the compiler takes a syntax tree and asks nothing of it again. What can still fail
//! is size ([`CompileError`]). The result is bytes that `portcullis_image::Image::from_bytes` accepts, always; tests hold that
//! over generated policies.
//!
//! The same input gives the same bytes, on every machine: numbers are given in order of first use, and hash
//! tables only ever answer whether something was seen before.
//!
//! # What a policy becomes
//!
//! Deny statements come first, actions are in lower case, and each condition is one instruction. Values are read now, not when
//! a request comes: what the disassembler prints here is what the machine runs.
//!
//! ```
//! use bumpalo::Bump;
//! use portcullis_compile::{Options, compile};
//! use portcullis_image::{Image, disassemble};
//! use portcullis_model::PolicyKind;
//! use portcullis_syntax::policy::{ReadOptions, parse_policy};
//! use portcullis_syntax::{Policy, PolicySets};
//!
//! let text = r#"{"Version": "2012-10-17", "Statement": [
//!     {"Effect": "Allow", "Action": ["s3:GetObject", "s3:List*"],
//!      "Resource": "arn:aws:s3:::reports/${aws:username}/*"},
//!     {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
//!      "Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}, "Bool": {"aws:SecureTransport": "false"}}}
//! ]}"#;
//! let arena = Bump::new();
//! let (document, problems) = parse_policy(text, ReadOptions::new(PolicyKind::Identity), &arena);
//! let document = document.unwrap_or_else(|| panic!("{problems:?}"));
//! let sets = PolicySets {
//!     identity: vec![Policy { name: "readers", file: "", text, document }],
//!     ..PolicySets::default()
//! };
//!
//! let image = Image::from_bytes(compile(&sets, Options::default())?).unwrap();
//! let mut listing = String::new();
//! disassemble(image.view(), &mut listing).unwrap();
//! assert_eq!(listing, r#"statement 0  ; readers statement 1 line 4
//!           layer [identity-based policy]
//!           action s3:*
//!           resource *
//!        0  bool aws:securetransport false
//!        1  text.is.not.absent aws:sourcevpc "vpc-1"
//!           ret deny
//! statement 1  ; readers statement 0 line 2
//!           layer [identity-based policy]
//!           action s3:getobject s3:list*
//!           resource arn:aws:s3:::reports/${aws:username}/*
//!           ret allow
//! "#);
//! # Ok::<(), portcullis_compile::CompileError>(())
//! ```
//!
//! # What it costs
//!
//! Time and memory are linear in the policies. Reading the JSON, compiling and checking the image together took 1.4 to 2.1 µs
//! for each statement, from 10,000 to a million of them; an image has 91 bytes for each statement beside its strings, 123 with
//! what explanations print (`docs/benchmarks/targets.md`).
//!
//! # What it does not do
//!
//! No statement is merged with another, dropped, or weighed against another. Explanations name file, line and column of a
//! statement, and an optimizer that loses its identity would lose that; the language cannot say `or`, so there is little that
//! one could win.

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
use portcullis_image::{Join, LayerSet};
use portcullis_syntax::{Policy, PolicySets};

/// What to compile beside the policies themselves. The default is both; no option changes a decision.
///
/// ```
/// use portcullis_compile::{Options, compile};
/// use portcullis_image::{Image, Section};
/// use portcullis_syntax::PolicySets;
///
/// // For a program that decides and never explains.
/// let options = Options { debug: false, ..Options::default() };
/// let image = Image::from_bytes(compile(&PolicySets::default(), options)?).unwrap();
/// assert!(image.view().has_index());
/// assert_eq!(image.view().count(Section::StatementSources), 0);
/// # Ok::<(), portcullis_compile::CompileError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Keep what explanations print: names, positions and the conditions as written. Without it an
    /// image is smaller and decides the same; explanations then name a statement by its number alone.
    pub debug: bool,
    /// Build the index. Without it every decision looks at every statement, and is the same: for comparisons in tests, and
    /// for images of a few statements that are decided once.
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

/// Why policies cannot be an image: they exceed what an image can hold. What is wrong with a document was found when it was
/// read, and is no error here.
///
/// ```
/// use portcullis_compile::{CompileError, Options, compile};
/// use portcullis_syntax::PolicySets;
///
/// let sets = PolicySets { scps: vec![Vec::new(); 20], ..PolicySets::default() };
/// let error = compile(&sets, Options::default()).unwrap_err();
/// assert_eq!(error, CompileError::TooManyLevels { levels: 20 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// An organization chain has more levels than a decision can hold (`Layer::MAX_LEVELS`).
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
/// The image has one unit, which holds all layers. A layer that is absent does not limit a decision, and one that is present
/// and empty allows nothing (`EVAL-4`); the image tells the two apart. Takes time and memory linear in the policies.
///
/// ```
/// use portcullis_compile::{Options, compile};
/// use portcullis_syntax::PolicySets;
///
/// let with_index = compile(&PolicySets::default(), Options::default())?;
/// let without = compile(&PolicySets::default(), Options { index: false, debug: false })?;
/// assert!(without.len() < with_index.len());
/// // The same input gives the same bytes.
/// assert_eq!(with_index, compile(&PolicySets::default(), Options::default())?);
/// # Ok::<(), portcullis_compile::CompileError>(())
/// ```
///
/// # Errors
/// [`CompileError`] if the policies exceed what an image can hold, or have a bucket behind an access point.
pub fn compile(sets: &PolicySets<'_>, options: Options) -> Result<Vec<u8>, CompileError> {
    if sets.bucket.is_some() {
        return Err(CompileError::Bucket);
    }
    let mut program = Program::new(options);
    program.unit(&lower::layers_of(sets)?);
    emit::emit(program, in_turn)
}

/// [`Join`] on one thread.
fn in_turn(one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send)) {
    one();
    other();
}

/// Policies that are decided together: a unit of an image, before it is one.
///
/// What the policies are is the unit; what they stand for is said by each decision. So a managed policy is one unit, whoever
/// has it and in whatever layer.
#[derive(Clone, Copy, Debug)]
pub struct PolicyUnit<'s, 'a> {
    /// The layers that the unit can stand for; a decision names the one that it stands for there.
    pub layers: LayerSet,
    /// The policies.
    pub policies: &'s [Policy<'a>],
}

/// Compiles many sets of policies to one image, in which each is a unit, in the order in which they come. A decision names
/// the units that take part, and what they stand for.
///
/// Units come one by one, so that whoever has many need not hold the trees of all.
///
/// Everything but statements and postings is shared between units: texts, patterns, lists, guards and the records of actions.
/// Takes time and memory linear in the policies.
///
/// ```
/// use portcullis_compile::{Compiler, Options, PolicyUnit};
/// use portcullis_image::{Image, LayerSet, Section};
///
/// // An image of two units without statements: sets that are present and allow nothing.
/// let mut compiler = Compiler::new(Options::default());
/// for layers in [LayerSet::IDENTITY, LayerSet::SCPS] {
///     compiler.add(PolicyUnit { layers, policies: &[] });
/// }
/// let image = Image::from_bytes(compiler.finish()?).unwrap();
/// assert_eq!(image.view().count(Section::Units), 2);
/// assert_eq!(image.view().layers(), LayerSet::IDENTITY | LayerSet::SCPS);
/// # Ok::<(), portcullis_compile::CompileError>(())
/// ```
pub struct Compiler(Program);

impl core::fmt::Debug for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiler").finish_non_exhaustive()
    }
}

impl Compiler {
    /// A compiler of an image without units.
    pub fn new(options: Options) -> Compiler {
        Compiler(Program::new(options))
    }

    /// Adds a unit, whose number is how many were added before. Takes time linear in its policies.
    pub fn add(&mut self, unit: PolicyUnit<'_, '_>) {
        self.0.unit(&[(unit.layers, unit.policies)]);
    }

    /// The image.
    ///
    /// # Errors
    /// [`CompileError`] if the policies exceed what an image can hold.
    pub fn finish(self) -> Result<Vec<u8>, CompileError> {
        self.finish_on(in_turn)
    }

    /// [`Compiler::finish`] on two threads, if the host has them: the same image.
    ///
    /// # Errors
    /// As [`Compiler::finish`].
    pub fn finish_on(self, join: Join) -> Result<Vec<u8>, CompileError> {
        emit::emit(self.0, join)
    }
}
