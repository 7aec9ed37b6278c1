//! The life of a process, by its signals, exit code and standard error.

use crate::child::Drain;

fn last(log: &[String]) -> &str {
    log.last().unwrap()
}

#[test]
fn a_signal_drains_and_the_process_ends_well() {
    for signal in ["TERM", "INT"] {
        let mut drain = Drain::start(&[("WAYPOST_EXAMPLE_WORK_S", "0.1")]);
        drain.until("drain is running");
        drain.signal(signal);

        let (code, log) = drain.end();

        assert_eq!(code, 0, "{log:#?}");
        assert!(log.iter().any(|line| line.contains("the worker has finished")), "{log:#?}");
        assert!(last(&log).contains("drain has ended"), "{log:#?}");
    }
}

#[test]
fn a_second_signal_ends_the_process_hard() {
    let mut drain = Drain::start(&[("WAYPOST_EXAMPLE_WORK_S", "3600")]);
    drain.until("drain is running");
    drain.signal("TERM");
    drain.until("stopping");
    drain.signal("INT");

    let (code, log) = drain.end();

    assert_eq!(code, 1, "{log:#?}");
    assert!(last(&log).starts_with("error: SIGINT ended "), "{log:#?}");
    assert!(last(&log).contains("worker"), "{log:#?}");
}

#[test]
fn the_drain_deadline_ends_the_process_hard() {
    let mut drain = Drain::start(&[("WAYPOST_EXAMPLE_WORK_S", "3600"), ("WAYPOST_DRAIN_S", "0.2")]);
    drain.until("drain is running");
    drain.signal("TERM");

    let (code, log) = drain.end();

    assert_eq!(code, 1, "{log:#?}");
    assert!(last(&log).starts_with("error: the drain deadline ended "), "{log:#?}");
}

#[test]
fn a_panicking_service_ends_the_process_with_an_error() {
    let drain = Drain::start(&[("WAYPOST_EXAMPLE_PANIC", "yes")]);

    let (code, log) = drain.end();

    assert_eq!(code, 1, "{log:#?}");
    assert_eq!(last(&log), "error: worker failed: it panicked: told to panic");
    assert!(log.iter().rev().skip(1).all(|line| line.starts_with('{')), "{log:#?}");
}

#[test]
fn a_wrong_setting_stops_the_start_with_one_line_that_names_it() {
    let drain = Drain::start(&[("WAYPOST_DRAIN_S", "soon")]);

    let (code, log) = drain.end();

    assert_eq!(code, 2);
    assert_eq!(log, ["error: WAYPOST_DRAIN_S must be: a number of seconds, 0 or more"]);
}

#[test]
fn a_wrong_log_filter_stops_the_start_with_one_line_that_names_it() {
    let drain = Drain::start(&[("WAYPOST_LOG", "runtime=loud")]);

    let (code, log) = drain.end();

    assert_eq!(code, 2);
    assert_eq!(log.len(), 1, "{log:#?}");
    assert!(log[0].starts_with("error: WAYPOST_LOG must be: a level"), "{log:#?}");
}
