//! A door's controller without an operating system: policies are compiled on the machine that builds and lie in the
//! program as an image; deciding allocates nothing once the scratch has seen its largest request.
//!
//! ```sh
//! cargo build --target thumbv7em-none-eabihf   # for a Cortex-M4; bring an allocator for the scratch
//! cargo test                                   # the same code, on the host
//! ```

#![no_std]

use portcullis_image::{Image, ImageError};
use portcullis_model::{Caller, Request};
use portcullis_vm::{Context, Plan, Query, Scratch, Value};

static POLICIES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/doors.pcl"));

/// What decides who may open which door.
pub struct Controller {
    image: Image<&'static [u8]>,
    plan: Plan,
    scratch: Scratch,
}

impl Controller {
    /// Checks the image once.
    ///
    /// # Errors
    /// The image is damaged.
    pub fn new() -> Result<Controller, ImageError> {
        let image = Image::from_bytes(POLICIES)?;
        Ok(Controller {
            plan: Plan::of(core::iter::once(image.view())),
            image,
            scratch: Scratch::new(),
        })
    }

    /// True if whoever holds a badge, `arn:aws:iam::ACCOUNT:user/NAME`, may open a door at this hour.
    pub fn may_open(&mut self, badge: &str, door: &str, hour: u8) -> bool {
        let Ok(caller) = Caller::from_arn(badge) else {
            return false;
        };
        let context = [("doors:hour", Value::Number(i64::from(hour)))];
        let query = Query {
            context: Context::Named(&context),
            ..Query::from(&Request::new(caller, "doors:Open", door))
        };
        let views = || core::iter::once(self.image.view());
        let ready = self.scratch.ready(views(), &self.plan, &query);
        ready.if_plain().decide(views()).is_allow()
    }
}

#[cfg(test)]
mod tests {
    use super::Controller;

    #[test]
    fn doors_open_for_whom_they_should() {
        let mut controller = Controller::new().unwrap();
        let keeper = "arn:aws:iam::111122223333:user/keeper";
        let guest = "arn:aws:iam::111122223333:user/guest";
        let lobby = "arn:aws:doors:::building/lobby";
        let archive = "arn:aws:doors:::building/archive";
        for (badge, door, hour, opens) in [
            (keeper, archive, 12, true),
            (guest, archive, 12, false),
            (guest, lobby, 12, true),
            (guest, lobby, 22, false),
            ("nobody", lobby, 12, false),
        ] {
            assert_eq!(
                controller.may_open(badge, door, hour),
                opens,
                "{badge} {door}"
            );
        }
    }
}
