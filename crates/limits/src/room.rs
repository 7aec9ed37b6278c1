//! Who stands at the front of a number's line, and who behind.

use std::collections::VecDeque;

use domain::lane::Lane;

/// Places at the front, and a line for each lane behind them.
#[derive(Debug)]
pub(crate) struct Room<Waiter> {
    inside: usize,
    lines: [VecDeque<Waiter>; Lane::ALL.len()],
}

impl<Waiter> Default for Room<Waiter> {
    fn default() -> Self {
        Self { inside: 0, lines: Default::default() }
    }
}

impl<Waiter> Room<Waiter> {
    /// Takes one of `places`, unless they are taken or somebody of the same or a higher lane waits.
    pub(crate) fn enter(&mut self, lane: Lane, places: usize) -> bool {
        let nobody_before = self.lines[..=lane as usize].iter().all(VecDeque::is_empty);
        let enters = self.inside < places && nobody_before;
        self.inside += usize::from(enters);
        enters
    }

    /// Stands in line.
    pub(crate) fn stand(&mut self, lane: Lane, waiter: Waiter) {
        self.lines[lane as usize].push_back(waiter);
    }

    /// How many stand in the line of `lane`.
    pub(crate) fn standing(&self, lane: Lane) -> usize {
        self.lines[lane as usize].len()
    }

    /// Removes those from the line of `lane` who have gone.
    pub(crate) fn forget(&mut self, lane: Lane, has_gone: impl Fn(&Waiter) -> bool) {
        self.lines[lane as usize].retain(|waiter| !has_gone(waiter));
    }

    /// Gives a place back.
    pub(crate) fn leave(&mut self) {
        self.inside -= 1;
    }

    /// Gives one of `places`, if one is free, to the first of the highest lane.
    pub(crate) fn call(&mut self, places: usize) -> Option<Waiter> {
        if self.inside >= places {
            return None;
        }
        let waiter = self.lines.iter_mut().find_map(VecDeque::pop_front)?;
        self.inside += 1;
        Some(waiter)
    }

    /// Whether nobody is here.
    pub(crate) fn is_empty(&self) -> bool {
        self.inside == 0 && self.lines.iter().all(VecDeque::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_lane_goes_first_and_each_lane_in_its_order() {
        let mut room = Room::default();
        assert!(room.enter(Lane::Bulk, 1));
        for (lane, name) in [(Lane::Bulk, "b1"), (Lane::Bulk, "b2"), (Lane::Urgent, "u1")] {
            assert!(!room.enter(lane, 1));
            room.stand(lane, name);
        }

        let mut called = Vec::new();
        while !room.is_empty() {
            room.leave();
            called.extend(room.call(1));
        }

        assert_eq!(called, ["u1", "b1", "b2"]);
    }

    #[test]
    fn nobody_overtakes_their_own_lane_even_where_a_place_is_free() {
        let mut room = Room::default();
        room.stand(Lane::Normal, "n1");

        assert!(!room.enter(Lane::Normal, 2));
        assert!(!room.enter(Lane::Bulk, 2));
        assert!(room.enter(Lane::Urgent, 2));
    }

    #[test]
    fn who_has_gone_is_not_called() {
        let mut room = Room::default();
        room.stand(Lane::Bulk, 1);
        room.stand(Lane::Bulk, 2);

        room.forget(Lane::Bulk, |waiter| *waiter == 1);

        assert_eq!(room.standing(Lane::Bulk), 1);
        assert_eq!(room.call(1), Some(2));
    }
}
