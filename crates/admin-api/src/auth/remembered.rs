use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many callers are remembered at most; more than any installation serves within seconds.
const MOST: usize = 10_000;

/// What was looked up within the last seconds. That nothing was found is not remembered: a key
/// works from the moment it was made, and a member from the moment they were added.
pub(super) struct Remembered<K, V> {
    life: Duration,
    values: Mutex<HashMap<K, (Instant, Arc<V>)>>,
}

impl<K: Eq + Hash, V> Remembered<K, V> {
    pub(super) fn new(life: Duration) -> Self {
        Self { life, values: Mutex::default() }
    }

    pub(super) fn get(&self, key: &K) -> Option<Arc<V>> {
        let values = self.values();
        let (seen, value) = values.get(key)?;
        (seen.elapsed() < self.life).then(|| Arc::clone(value))
    }

    pub(super) fn put(&self, key: K, value: Arc<V>) {
        let mut values = self.values();
        if values.len() >= MOST {
            values.retain(|_, (seen, _)| seen.elapsed() < self.life);
        }
        if values.len() < MOST {
            values.insert(key, (Instant::now(), value));
        }
    }

    fn values(&self) -> MutexGuard<'_, HashMap<K, (Instant, Arc<V>)>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_remembered_for_its_life_and_no_longer() {
        let long = Remembered::new(Duration::from_secs(60));
        let none = Remembered::new(Duration::ZERO);

        long.put(1, Arc::new("one"));
        none.put(1, Arc::new("one"));

        assert_eq!(long.get(&1).as_deref(), Some(&"one"));
        assert!(none.get(&1).is_none());
    }

    #[test]
    fn the_memory_is_bounded() {
        let remembered = Remembered::new(Duration::from_secs(60));

        for n in 0..MOST + 10 {
            remembered.put(n, Arc::new(()));
        }

        assert_eq!(remembered.values().len(), MOST);
    }
}
