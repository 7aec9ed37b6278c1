//! The word that ends a process softly.

use tokio_util::sync::CancellationToken;

/// Tells every part of a process that it should take no more work.
///
/// All clones are one: whoever stops one stops all. Stopped is for ever.
#[derive(Clone, Debug, Default)]
pub struct Stop(CancellationToken);

impl Stop {
    /// A token that nobody has stopped yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops: from now on all clones are stopped. Doing it again changes nothing.
    pub fn stop(&self) {
        self.0.cancel();
    }

    /// One for a part of the work: stopped with this one, or alone.
    #[must_use]
    pub fn part(&self) -> Self {
        Self(self.0.child_token())
    }

    /// Whether somebody has stopped.
    pub fn is_stopped(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until somebody stops; at once when that has already happened.
    pub async fn stopped(&self) {
        self.0.cancelled().await;
    }

    /// Runs `future` until it ends or somebody stops: `None` when stopped.
    ///
    /// The future is dropped where it waits, so this is for waiting (a timer, the next item),
    /// never for work that has begun to write.
    pub async fn until<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.0.run_until_cancelled(future).await
    }

    /// The bare token, for crates that do not know this one.
    pub fn token(&self) -> CancellationToken {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stopping_one_clone_stops_all() {
        let stop = Stop::new();
        let clone = stop.clone();
        assert!(!clone.is_stopped());

        stop.stop();

        clone.stopped().await;
        assert!(clone.is_stopped());
        assert!(clone.token().is_cancelled());
        assert_eq!(clone.until(std::future::pending::<()>()).await, None);
    }

    #[test]
    fn a_part_is_stopped_with_the_whole_and_not_the_other_way_round() {
        let whole = Stop::new();
        let (one, other) = (whole.part(), whole.part());

        one.stop();
        assert_eq!([&whole, &one, &other].map(Stop::is_stopped), [false, true, false]);
        whole.stop();
        assert!(other.is_stopped());
    }

    #[tokio::test]
    async fn a_future_that_ends_first_gives_its_value() {
        assert_eq!(Stop::new().until(async { 7 }).await, Some(7));
    }
}
