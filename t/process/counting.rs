//! Totals are exact over four workers, whatever the mode and however many keys.

use serde_json::{Value, json};

use crate::harness::Running;
use crate::harness::load::pipeline;
use crate::harness::site::Parts;

const REQUESTS: usize = 200_000;
const CLIENTS: usize = 40;
const KEYS: usize = 100;

#[test]
fn four_workers_count_two_hundred_thousand_requests_exactly() {
    let running = Running::start(&Parts {
        main_config: "worker_processes 4;\n".into(),
        http_config: "keepalive_requests 1000000;\n\
             metric_complex_zone all:64k { n count; sum gauge; h histogram 1 3 inf; hi max; lo min; }\n\
             metric_zone each:1m count;\nmetric_zone end:64k count;\n"
            .into(),
        config: "location /hit { metric all all=$arg_v on=request; metric each $arg_k on=response;\n\
             metric end all on=end; return 204; }\n"
            .into(),
        ..Parts::default()
    });
    let address = running.address();
    std::thread::scope(|scope| {
        for batch in (0..CLIENTS).collect::<Vec<_>>().chunks(CLIENTS / 8) {
            let batch = batch.len();
            scope.spawn(move || {
                for _ in 0..batch {
                    let target = |index| format!("/hit?v={}&k=key{}", index % 5, index % KEYS);
                    pipeline(address, REQUESTS / CLIENTS, 50, target);
                }
            });
        }
    });
    let total = REQUESTS as u64;
    let fifth = total / 5;
    running.expect_status("http/metric_zones/end/metrics", &json!({ "all": total }));
    let all = running.status("http/metric_zones/all/metrics/all");
    assert_eq!(all["n"], json!(total));
    assert_eq!(all["sum"].as_f64(), Some((fifth * 10) as f64));
    assert_eq!(
        all["h"],
        json!({ "1": 2 * fifth, "3": 4 * fifth, "inf": total })
    );
    assert_eq!(
        (all["hi"].as_f64(), all["lo"].as_f64()),
        (Some(4.0), Some(0.0))
    );
    let each = running.status("http/metric_zones/each/metrics");
    let counts: Vec<&Value> = each.as_object().unwrap().values().collect();
    assert_eq!(counts.len(), KEYS);
    assert!(
        counts.iter().all(|count| **count == json!(REQUESTS / KEYS)),
        "{each}"
    );
    running.server.stop().unwrap();
}
