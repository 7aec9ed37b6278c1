//! Statements that outlast an absent database.

use backbone::persist;
use runtime::{Stop, Stopped};

/// What the database said in the end, and whether it took more than one try: then an earlier one
/// may have been carried out too.
pub(crate) struct Word<T> {
    pub(crate) result: store::Result<T>,
    pub(crate) is_repeated: bool,
}

/// Does `work`, and again while the database is away, until somebody stops. The first try is made
/// and finished even by one who has been stopped.
///
/// # Errors
/// [`Stopped`] before the database was there.
pub(crate) async fn insist<T, F>(
    stop: &Stop,
    mut work: impl FnMut() -> F,
) -> Result<Word<T>, Stopped>
where
    F: Future<Output = store::Result<T>>,
{
    match work().await {
        Err(error) if error.is_unavailable() => {
            Ok(Word { result: persist(stop, work).await?, is_repeated: true })
        }
        result => Ok(Word { result, is_repeated: false }),
    }
}
