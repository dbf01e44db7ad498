//! Rounds of evaluation, and what signals come to between them.

use std::sync::Arc;

use super::super::evaluator::Evaluator;
use super::super::standing::{Stale, StaleRule};
use super::super::status::node_at;
use super::{ABSENT, GRADE, OPEN, Trial, local, signal};
use crate::status::json;

#[test]
fn a_graded_and_a_plain_signal() {
    let signals = vec![
        signal("graded", local("/load"), Some(GRADE)),
        signal("plain", local("/load"), None),
    ];
    let mut trial = Trial::new(signals, None, OPEN);
    assert_eq!(trial.at(1000, ABSENT), (1.0, false));
    assert!(trial.snapshot(0).judgement.is_stale);
    assert_eq!(trial.at(2000, 0), (1.0, false));
    let (allowance, is_firing) = trial.at(3000, 30);
    assert!((allowance - 0.411_112_29).abs() < 1e-8 && is_firing);
    assert_eq!(trial.at(4000, 1000), (0.0, true));
    let snapshot = trial.snapshot(0);
    assert_eq!(
        (snapshot.value, snapshot.evaluations, snapshot.errors),
        (Some(1000.0), 4, 0)
    );
    assert!(
        snapshot.updated.is_some() && snapshot.judgement.is_firing && !snapshot.judgement.is_stale
    );
    // Gone again: an open zone forgets it at once.
    assert_eq!(trial.at(5000, ABSENT), (1.0, false));
    let snapshot = trial.snapshot(0);
    assert!(snapshot.judgement.is_stale && snapshot.value == Some(1000.0));
}

#[test]
fn each_rule_of_staleness() {
    for (rule, expected) in [
        (StaleRule::Open, (1.0, false)),
        (StaleRule::Hold, (0.0, true)),
        (StaleRule::Close, (0.0, true)),
    ] {
        let signals = vec![
            signal("graded", local("/load"), Some(GRADE)),
            signal("plain", local("/load"), None),
        ];
        let mut trial = Trial::new(signals, None, Stale { after: 5000, rule });
        trial.at(1000, 500);
        assert_eq!(trial.at(2000, ABSENT), expected, "{rule:?}");
    }
}

#[test]
fn a_signal_is_evaluated_as_seldom_as_it_says() {
    let mut slow = signal("slow", local("/load"), None);
    slow.interval = Some(10_000);
    let mut trial = Trial::new(
        vec![slow],
        None,
        Stale {
            after: 60_000,
            ..OPEN
        },
    );
    assert_eq!(trial.at(1000, 1), (1.0, true));
    for second in 2..9 {
        assert_eq!(trial.at(second * 1000, 0), (1.0, true));
    }
    assert_eq!(trial.at(11_000, 0), (1.0, false));
    assert_eq!(trial.snapshot(0).evaluations, 2);
}

#[test]
fn whoever_takes_over_knows_what_was_known() {
    let signals = vec![signal("load", local("/load"), Some(GRADE))];
    let mut trial = Trial::new(
        signals,
        None,
        Stale {
            rule: StaleRule::Hold,
            ..OPEN
        },
    );
    trial.at(1000, 1000);
    let (plan, states) = (Arc::clone(&trial.plan), trial.states.clone());
    trial.evaluator = Evaluator::new("api", plan, states);
    assert_eq!(trial.at(2000, ABSENT), (0.0, false));
    assert_eq!(trial.snapshot(0).evaluations, 2);
}

#[test]
fn what_is_shown() {
    let signals = vec![
        signal("graded", local("/load"), Some(GRADE)),
        signal("plain", local("/load"), None),
    ];
    let mut trial = Trial::new(signals, None, OPEN);
    let shown = |trial: &Trial| {
        let node = node_at(&trial.plan, &trial.states, trial.stale, trial.now);
        let mut out = Vec::new();
        let format = json::Format {
            pretty: false,
            dates: json::Dates::Epoch,
            rows: json::Rows::Shown,
        };
        json::serialize(&node, format, &mut out).unwrap();
        let mut shown: serde_json::Value = serde_json::from_slice(&out).unwrap();
        for signal in ["graded", "plain"] {
            let updated = shown[signal]["updated"].take();
            assert!(updated.as_u64().is_some() || updated.is_null(), "{updated}");
        }
        shown
    };
    trial.at(500, ABSENT);
    let unknown = shown(&trial)["plain"].take();
    let nothing = serde_json::json!({"firing": false, "stale": true, "updated": null, "evaluations": 1, "errors": 0});
    assert_eq!(unknown, nothing);
    trial.at(1000, 1000);
    let expected = serde_json::json!({
        "graded": {"value": 1000.0, "warn": 10.0, "emergency": 100.0, "throttle": 1.0, "firing": true,
                   "stale": false, "updated": null, "evaluations": 2, "errors": 0},
        "plain": {"value": 1000.0, "firing": true, "stale": false, "updated": null,
                  "evaluations": 2, "errors": 0},
    });
    let shown = shown(&trial);
    let text = |value: &serde_json::Value| value.to_string().replace(".0", "");
    assert_eq!(text(&shown), text(&expected));
    let found = node_at(&trial.plan, &trial.states, trial.stale, trial.now)
        .find(&["plain", "firing"], |node| {
            node.and_then(|node| node.as_value().map(|value| format!("{value:?}")))
        });
    assert_eq!(found.as_deref(), Some("Boolean(true)"));
}
#[test]
fn what_nobody_evaluates_any_more_is_stale() {
    for (rule, then) in [
        (StaleRule::Open, (1.0, false)),
        (StaleRule::Hold, (0.0, true)),
        (StaleRule::Close, (0.0, true)),
    ] {
        let signals = vec![
            signal("graded", local("/load"), Some(GRADE)),
            signal("plain", local("/load"), None),
        ];
        let mut trial = Trial::new(signals, None, Stale { after: 5000, rule });
        trial.at(1000, 1000);
        assert_eq!(trial.said_at(5999), (0.0, true), "{rule:?}");
        assert_eq!(trial.said_at(6000), then, "{rule:?}");
        trial.now = 6000;
        assert!(trial.snapshot(0).judgement.is_stale);
    }
}

#[test]
fn what_was_never_evaluated_is_stale() {
    let trial = Trial::new(vec![signal("plain", local("/load"), None)], None, OPEN);
    let snapshot = trial.snapshot(0);
    assert!(snapshot.judgement.is_stale && !snapshot.judgement.is_firing);
    assert_eq!(snapshot.value, None);
}

#[test]
fn the_longest_time_between_two_values() {
    let mut slow = signal("slow", local("/load"), None);
    slow.interval = Some(2000);
    let trial = Trial::new(vec![signal("s", local("/load"), None), slow], None, OPEN);
    // Looked at with every second evaluation, and with the one after that if it was early.
    assert_eq!(trial.plan.slowest(1000), Some(("slow", 2700)));
    assert_eq!(trial.plan.slowest(2000).map(|(_, gap)| gap), Some(2200));
}
