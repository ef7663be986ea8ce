//! The work that a question may cost, counted without a clock: the same question gives the same answer on every machine.
//!
//! A unit is about one position of a pattern that is looked at. Rejected: a limit of time, with which a proof on one
//! machine is an unknown on another.

/// How much work is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    spent: u64,
    limit: u64,
}

/// The work is used up: what was asked is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UsedUp;

impl Work {
    /// Work of so many units.
    pub(crate) fn new(limit: u64) -> Work {
        Work { spent: 0, limit }
    }

    /// The units that were spent.
    pub(crate) fn spent(&self) -> u64 {
        self.spent
    }

    /// Spends units.
    ///
    /// # Errors
    /// [`UsedUp`] if there are not as many left.
    pub(crate) fn spend(&mut self, units: usize) -> Result<(), UsedUp> {
        self.spent = self.spent.saturating_add(units as u64);
        if self.spent > self.limit {
            return Err(UsedUp);
        }
        Ok(())
    }

    /// Runs a part with at most so many units of what is left; what it spends is spent of the whole.
    pub(crate) fn part<T>(&mut self, limit: u64, run: impl FnOnce(&mut Work) -> T) -> T {
        let mut part = Work::new(limit.min(self.limit.saturating_sub(self.spent)));
        let result = run(&mut part);
        self.spent = self.spent.saturating_add(part.spent);
        result
    }
}
