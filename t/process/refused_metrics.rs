//! Updates of metrics that a zone refuses, and what is to take them back.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::harness::client::{self, Connection};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, load};

/// What a full zone has refused is not taken back from what it took of others, once it has room.
#[test]
fn what_was_refused_is_not_taken_back() {
    let origin = TcpListener::bind("127.0.0.1:0").unwrap();
    let running = Running::start(&Parts {
        http_config: "metric_zone whole:32k gauge;\nmetric_zone parts:32k labels=a,b gauge;\n\
                      metric_zone ended:32k count;\n"
            .into(),
        config: format!(
            "location /q {{ metric whole s=1 on=request; metric whole s=-1 on=end;\n\
             metric whole $arg_k=1 on=request; metric whole $arg_k=-1 on=end;\n\
             metric whole \"x$arg_k=+1\" on=request; metric whole \"x$arg_k=-1\";\n\
             metric parts $arg_k $arg_k=1 on=request; metric parts $arg_k $arg_k=-1 on=end;\n\
             metric ended all on=end; proxy_pass http://{}; }}\n\
             location /other {{ metric whole o$arg_n=0; metric parts o$arg_n o=0; return 204; }}\n\
             location /whole/ {{ metric_push whole; }}\nlocation /parts/ {{ metric_push parts; }}\n",
            origin.local_addr().unwrap()
        ),
        ..Parts::default()
    });
    load::pipeline(running.address(), 900, 1, |number| {
        format!("/other?n={number}")
    });
    let keys = || {
        let all = |zone: &str| running.status(&format!("http/metric_zones/{zone}/metrics/"));
        let (whole, parts) = (all("whole"), all("parts"));
        let [constant, variable, text] = ["s", "k", "xk"].map(|key| whole[key].clone());
        [constant, variable, text, parts["k"]["k"].clone()]
    };
    let ask = || {
        let mut client = TcpStream::connect(running.address()).unwrap();
        let head = b"GET /q?k=k HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        client.write_all(head).unwrap();
        (client, origin.accept().unwrap().0)
    };
    let end = |(mut client, mut asked): (TcpStream, TcpStream), ended: u64| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        asked.write_all(head).unwrap();
        client.read_to_end(&mut Vec::new()).unwrap();
        running.expect_status("http/metric_zones/ended/metrics/all", &json!(ended));
    };
    let refused = ask();
    assert_eq!(keys(), [Value::Null, Value::Null, Value::Null, Value::Null]);
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for number in 0..20 {
        for target in [format!("/whole/o{number}"), format!("/parts/o{number}%20o")] {
            let head = client::head("DELETE", &target, &[], None);
            connection.send(&head).unwrap();
            assert_eq!(
                connection.receive("DELETE").unwrap().status,
                204,
                "{target}"
            );
        }
    }
    let counted = ask();
    assert_eq!(keys(), [json!(1), json!(1), json!(1), json!(1)]);
    end(refused, 1);
    assert_eq!(keys(), [json!(1), json!(1), json!(1), json!(1)]);
    end(counted, 2);
    assert_eq!(keys(), [json!(0), json!(0), json!(0), json!(0)]);
    running.server.stop().unwrap();
}
