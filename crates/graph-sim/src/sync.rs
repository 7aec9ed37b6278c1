//! Locks that are held for a few statements and never across an await.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

/// Locks; a thread that panicked while it held the lock left counters at worst one behind, so its poison is ignored.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A copy of what a lock holds (an `Arc`, here).
pub(crate) fn current<T: Clone>(shared: &RwLock<T>) -> T {
    shared.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Puts a new value in the place of the old one.
pub(crate) fn replace<T>(shared: &RwLock<T>, value: T) {
    *shared.write().unwrap_or_else(PoisonError::into_inner) = value;
}
