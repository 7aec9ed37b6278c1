use super::load::PEOPLE;
use super::*;

#[test]
fn a_seed_has_one_plan_and_another_seed_another() {
    for length in [Length::Short, Length::Long] {
        assert_eq!(plan(7, length), plan(7, length));
        assert_ne!(plan(7, length).events, plan(8, length).events);
        assert_ne!(plan(7, length).batches, plan(8, length).batches);
    }
}

#[test]
fn a_long_run_kills_every_process_and_restarts_every_server_in_both_ways() {
    let plan = plan(3, Length::Long);
    let has = |is: &dyn Fn(Disturbance) -> bool| plan.events.iter().any(|it| is(it.disturbance));

    for part in Part::FROM_THE_START {
        assert!(has(&|it| matches!(it, Disturbance::Kill { part: killed, .. } if killed == part)));
    }
    for server in Server::ALL {
        for crash in [true, false] {
            assert!(has(&|it| matches!(it, Disturbance::Restart { server: which, crash: how, .. }
                if which == server && how == crash)));
        }
    }
}

#[test]
fn every_event_is_in_one_lane_and_no_lane_goes_back_in_time() {
    let plan = plan(3, Length::Long);
    let lanes = plan.lanes();

    assert_eq!(lanes.iter().map(Vec::len).sum::<usize>(), plan.events.len());
    for lane in lanes {
        assert!(lane.is_sorted_by_key(|event| event.at_ms));
    }
}

#[test]
fn a_fate_is_read_from_the_recipient_as_we_and_as_meta_write_it() {
    for fate in [Fate::Read, Fate::Unread, Fate::Undeliverable] {
        let digits = format!("{PEOPLE}{}0000001", fate.digit());

        assert_eq!(Fate::of(&digits), fate);
        assert_eq!(Fate::of(&format!("+{digits}")), fate);
    }
}

#[test]
fn more_people_are_written_to_than_the_small_portfolio_may_reach() {
    for seed in 1..20 {
        let plan = plan(seed, Length::Short);
        let messages = plan.batches.iter().flat_map(|batch| &batch.messages);
        let limited = messages.filter(|message| message.from.tier.is_some()).count();

        assert!(limited > 12, "{limited}");
    }
}

#[test]
fn every_kind_is_scaled_to_all_and_to_one_and_never_to_none() {
    for (seed, length) in [(1, Length::Short), (2, Length::Short), (3, Length::Long)] {
        let plan = plan(seed, length);
        for kind in scale::KINDS.map(scale::all) {
            let mut running: Vec<Part> =
                Part::FROM_THE_START.into_iter().filter(|part| kind.contains(part)).collect();
            let (mut fewest, mut most) = (running.len(), running.len());
            for event in &plan.events {
                match event.disturbance {
                    Disturbance::Join { part } if kind.contains(&part) => {
                        assert!(!running.contains(&part));
                        running.push(part);
                    }
                    Disturbance::Leave { part, .. } if kind.contains(&part) => {
                        assert!(running.contains(&part));
                        running.retain(|other| *other != part);
                    }
                    _ => {}
                }
                (fewest, most) = (fewest.min(running.len()), most.max(running.len()));
            }
            assert_eq!((fewest, most), (1, kind.len()), "{}", kind[0]);
        }
    }
}

#[test]
fn dispatchers_lose_redis_one_by_one_for_moments_and_for_longer_than_they_wait() {
    let deaf = |it: &Event| match it.disturbance {
        Disturbance::Deaf { for_ms, .. } => Some(for_ms),
        _ => None,
    };
    let times: Vec<u64> = (1..20)
        .flat_map(|seed| plan(seed, Length::Long).events)
        .filter_map(|it| deaf(&it))
        .collect();

    assert!(
        times.iter().any(|for_ms| *for_ms < 1_000) && times.iter().any(|for_ms| *for_ms > 5_000)
    );
}

#[test]
fn processes_leave_in_order_and_by_kill_and_clocks_are_wrong_in_both_ways() {
    let plan = plan(3, Length::Long);
    let has = |is: &dyn Fn(Disturbance) -> bool| plan.events.iter().any(|it| is(it.disturbance));

    for killed in [true, false] {
        assert!(has(&|it| matches!(it, Disturbance::Leave { kill, .. } if kill == killed)));
    }
    for sign in [1, -1] {
        let is_off =
            |it| matches!(it, Disturbance::Clock { step_s, .. } if step_s.signum() == sign);
        assert!((1..20).any(|seed| {
            super::plan(seed, Length::Long).events.iter().any(|it| is_off(it.disturbance))
        }));
    }
}
