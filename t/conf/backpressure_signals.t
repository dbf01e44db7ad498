# Diagnostics of signal and monitor: what they name, where they point, and what they advise.

=== every form is taken
--- http_config
backpressure_zone api:64k min=10 max=200 {
    signal errors  path=~^/http/server_zones/app/responses/5..$ func=rate agg=sum
                   over=/http/server_zones/app/requests/total warn=0.05 emergency=0.30;
    signal latency path=/http/metric_zones/upstream/metrics/app/avg warn=0.5 emergency=2 curve=0 interval=5s;
    signal swing   path=~*/ACTIVE$ func=delta window=1m agg=max;
    signal least   path=/connections/idle func=value agg=min;
    signal mean    path=/connections/ agg=avg over=~^/connections/;
    monitor http://127.0.0.1:9090 timeout=2s interval=5s;
    signal cpu     query='avg(1 - rate(node_cpu_seconds_total{mode="idle"}[1m]))' warn=0.8 emergency=0.95;
    signal alert   query='ALERTS{alertname="Overload",alertstate="firing"}' interval=1m;
    signal down    query=up==0;
}
backpressure_zone seed:64k {
    monitor https://prometheus.example/base/api/v1/query?dedup=true;
    signal s query=1;
}
--- ok

=== no signals
--- http_config
backpressure_zone api:64k { }
--- error
pingauge: [emerg] backpressure zone "api" has no signals in http_config:1
   1 | backpressure_zone api:64k { }
     |                   ^^^^^^^
     help: add a line such as "signal busy path=/connections/active warn=500 emergency=1000;"

=== no signals, but a monitor
--- http_config
backpressure_zone api:64k { monitor http://127.0.0.1:9090; }
--- error
pingauge: [emerg] backpressure zone "api" has no signals in http_config:1
   1 | backpressure_zone api:64k { monitor http://127.0.0.1:9090; }
     |                   ^^^^^^^
     help: add a line such as "signal busy path=/connections/active warn=500 emergency=1000;"

=== a zone whose signals are wrong is not told to have none
--- http_config
backpressure_zone api:64k { signal x; }
--- error
pingauge: [emerg] signal "x" requires "path" or "query" in http_config:1
   1 | backpressure_zone api:64k { signal x; }
     |                                    ^
     help: a path of the status tree, as in path=/connections/active

=== neither and both
--- http_config
backpressure_zone api:64k {
    signal x warn=1 emergency=2;
    signal y path=/a query=up;
}
--- error
pingauge: [emerg] signal "x" requires "path" or "query" in http_config:2
   2 |     signal x warn=1 emergency=2;
     |            ^
     help: a path of the status tree, as in path=/connections/active
pingauge: [emerg] signal "y" has both "path" and "query" in http_config:3
   3 |     signal y path=/a query=up;
     |            ^
     help: make two signals of it

=== a signal twice
--- http_config
backpressure_zone api:64k {
    signal x path=/a;
    signal x path=/b;
}
--- error
pingauge: [emerg] duplicate signal "x" in http_config:3
   3 |     signal x path=/b;
     |            ^

=== thresholds
--- http_config
backpressure_zone api:64k {
    signal a path=/a warn=2 emergency=2;
    signal b path=/a warn=2;
    signal c path=/a emergency=2;
    signal d path=/a warn=-1 emergency=2;
    signal e path=/a warn=1 emergency=2 curve=-1;
    signal f path=/a curve=1;
    signal g path=/a warn=x emergency=2;
    signal h path=/a warn=0 emergency=inf;
    signal i path=/a warn=0 emergency=NaN;
}
--- error
pingauge: [emerg] "emergency" must be greater than "warn" in http_config:2
   2 |     signal a path=/a warn=2 emergency=2;
     |                             ^^^^^^^^^^^
pingauge: [emerg] "warn" requires "emergency" in http_config:3
   3 |     signal b path=/a warn=2;
     |                      ^^^^^^
pingauge: [emerg] "emergency" requires "warn" in http_config:4
   4 |     signal c path=/a emergency=2;
     |                      ^^^^^^^^^^^
pingauge: [emerg] negative threshold in http_config:5
   5 |     signal d path=/a warn=-1 emergency=2;
     |                      ^^^^^^^
pingauge: [emerg] "curve" must not be negative in http_config:6
   6 |     signal e path=/a warn=1 emergency=2 curve=-1;
     |                                         ^^^^^^^^
pingauge: [emerg] "curve" requires "warn" and "emergency" in http_config:7
   7 |     signal f path=/a curve=1;
     |                      ^^^^^^^
pingauge: [emerg] invalid "warn" value "x" in http_config:8
   8 |     signal g path=/a warn=x emergency=2;
     |                           ^
     help: a number, such as 0.05 or 200
pingauge: [emerg] invalid "emergency" value "inf" in http_config:9
   9 |     signal h path=/a warn=0 emergency=inf;
     |                                       ^^^
     help: a number, such as 0.05 or 200
pingauge: [emerg] invalid "emergency" value "NaN" in http_config:10
  10 |     signal i path=/a warn=0 emergency=NaN;
     |                                       ^^^
     help: a number, such as 0.05 or 200

=== a query without a monitor
--- http_config
backpressure_zone api:64k {
    signal x query=up;
    signal y path=/a;
}
--- error
pingauge: [emerg] "query" requires "monitor" in http_config:2
   2 |     signal x query=up;
     |              ^^^^^^^^
     help: add "monitor http://127.0.0.1:9090;" to the zone

=== a monitor that nobody asks
--- http_config
backpressure_zone api:64k {
    monitor http://127.0.0.1:9090;
    signal y path=/a;
}
--- warn
pingauge: [warn] "monitor" is not asked by any signal in http_config:2
   2 |     monitor http://127.0.0.1:9090;
     |     ^^^^^^^

=== addresses of monitors
--- http_config
backpressure_zone a:64k { monitor 127.0.0.1:9090; signal x query=up; }
backpressure_zone b:64k { monitor ftp://a; signal x query=up; }
backpressure_zone c:64k { monitor http://u:p@a; signal x query=up; }
backpressure_zone d:64k { monitor http://a:99999; signal x query=up; }
--- error
pingauge: [emerg] invalid url in "monitor": "127.0.0.1:9090" in http_config:1
   1 | backpressure_zone a:64k { monitor 127.0.0.1:9090; signal x query=up; }
     |                                   ^^^^^^^^^^^^^^
     help: expected the address of a Prometheus, as in http://127.0.0.1:9090, without user and password
pingauge: [emerg] invalid url in "monitor": "ftp://a" in http_config:2
   2 | backpressure_zone b:64k { monitor ftp://a; signal x query=up; }
     |                                   ^^^^^^^
     help: expected the address of a Prometheus, as in http://127.0.0.1:9090, without user and password
pingauge: [emerg] invalid url in "monitor": "http://u:p@a" in http_config:3
   3 | backpressure_zone c:64k { monitor http://u:p@a; signal x query=up; }
     |                                   ^^^^^^^^^^^^
     help: expected the address of a Prometheus, as in http://127.0.0.1:9090, without user and password
pingauge: [emerg] invalid url in "monitor": "http://a:99999" in http_config:4
   4 | backpressure_zone d:64k { monitor http://a:99999; signal x query=up; }
     |                                   ^^^^^^^^^^^^^^
     help: expected the address of a Prometheus, as in http://127.0.0.1:9090, without user and password

=== a monitor twice, and what it does not know
--- http_config
backpressure_zone a:64k { monitor http://a; monitor http://b; signal x query=up; }
backpressure_zone b:64k { monitor http://a timeout=0; signal x query=up; }
backpressure_zone c:64k { monitor http://a interval=10ms; signal x query=up; }
backpressure_zone d:64k { monitor http://a retry=1; signal x query=up; }
--- error
pingauge: [emerg] "monitor" directive is duplicate in http_config:1
   1 | backpressure_zone a:64k { monitor http://a; monitor http://b; signal x query=up; }
     |                                             ^^^^^^^
pingauge: [emerg] invalid "timeout" value "0" in http_config:2
   2 | backpressure_zone b:64k { monitor http://a timeout=0; signal x query=up; }
     |                                                    ^
     help: a time from 1ms to 365d, such as 500ms, 10s or 1m
pingauge: [emerg] invalid "interval" value "10ms" in http_config:3
   3 | backpressure_zone c:64k { monitor http://a interval=10ms; signal x query=up; }
     |                                                     ^^^^
     help: a time from 100ms to 365d, such as 500ms, 10s or 1m
pingauge: [emerg] invalid parameter "retry=1" in http_config:4
   4 | backpressure_zone d:64k { monitor http://a retry=1; signal x query=up; }
     |                                            ^^^^^^^
     help: expected timeout or interval, with =VALUE

=== PromQL that is none
--- http_config
backpressure_zone api:64k {
    monitor http://127.0.0.1:9090;
    signal a 'query=sum(up';
    signal b 'query=up[5m]';
    signal c 'query=rate(up)';
    signal d 'query=nonsense(up)';
    signal e query=;
    signal f 'query= ';
}
--- error
pingauge: [emerg] invalid PromQL "sum(up": unclosed left parenthesis in http_config:3
   3 |     signal a 'query=sum(up';
     |                     ^^^^^^
pingauge: [emerg] invalid PromQL "up[5m]": the query gives a matrix, not a vector or a number in http_config:4
   4 |     signal b 'query=up[5m]';
     |                     ^^^^^^
pingauge: [emerg] invalid PromQL "rate(up)": expected type matrix in call to function 'rate', got vector in http_config:5
   5 |     signal c 'query=rate(up)';
     |                     ^^^^^^^^
pingauge: [emerg] invalid PromQL "nonsense(up)": unknown function with name 'nonsense' in http_config:6
   6 |     signal d 'query=nonsense(up)';
     |                     ^^^^^^^^^^^^
pingauge: [emerg] empty "query" in http_config:7
   7 |     signal e query=;
     |              ^^^^^^
pingauge: [emerg] invalid PromQL "": no expression found in input in http_config:8
   8 |     signal f 'query= ';
     |                     ^

=== PromQL that is quoted twice
--- http_config
backpressure_zone api:64k {
    monitor http://127.0.0.1:9090;
    signal a "query='up > 0'";
    signal b query='"up"';
    signal d query="up > 0" warn=1 emergency=2;
    signal e query='up{job=\'a b\'} > 1 # ;';
    signal c query='up > 0;
}
--- error
pingauge: [emerg] PromQL must not be quoted twice in http_config:3
   3 |     signal a "query='up > 0'";
     |                     ^^^^^^^^
     help: one pair of quotes is enough: query='up == 0'
     also: line 4
pingauge: [emerg] unexpected quote in "query" in http_config:7
   7 |     signal c query='up > 0;
     |                    ^^^
     help: quote the whole value: query='...'

=== words that a signal does not know
--- http_config
backpressure_zone api:64k {
    signal a path=/a wran=1;
    signal b path=/a func=ratio;
    signal c path=/a agg=average;
    signal d path=/a window=1m;
    signal e path=/a func=rate window=0;
    signal f path=/a path=/b;
    signal g path=/a interval=0;
    signal h path= ;
    signal path=/a;
    signal j path=/a on;
}
--- error
pingauge: [emerg] invalid parameter "wran=1" in http_config:2
   2 |     signal a path=/a wran=1;
     |                      ^^^^^^
     help: did you mean "warn="?
pingauge: [emerg] invalid "func" value "ratio" in http_config:3
   3 |     signal b path=/a func=ratio;
     |                           ^^^^^
     help: it must be "value" or "rate" or "delta"
pingauge: [emerg] invalid "agg" value "average" in http_config:4
   4 |     signal c path=/a agg=average;
     |                          ^^^^^^^
     help: it must be "sum" or "max" or "min" or "avg"
pingauge: [emerg] "window" requires "func=rate" or "func=delta" in http_config:5
   5 |     signal d path=/a window=1m;
     |                      ^^^^^^^^^
pingauge: [emerg] invalid "window" value "0" in http_config:6
   6 |     signal e path=/a func=rate window=0;
     |                                       ^
     help: a time from 100ms to 365d, such as 500ms, 10s or 1m
pingauge: [emerg] duplicate parameter "path=/b" in http_config:7
   7 |     signal f path=/a path=/b;
     |                      ^^^^^^^
     help: "path" is given once
pingauge: [emerg] invalid "interval" value "0" in http_config:8
   8 |     signal g path=/a interval=0;
     |                               ^
     help: a time from 100ms to 365d, such as 500ms, 10s or 1m
pingauge: [emerg] empty "path" in http_config:9
   9 |     signal h path= ;
     |              ^^^^^
pingauge: [emerg] invalid signal name "path=/a" in http_config:10
  10 |     signal path=/a;
     |            ^^^^^^^
     help: the name comes first, then what it is
pingauge: [emerg] invalid parameter "on" in http_config:11
  11 |     signal j path=/a on;
     |                      ^^
     help: expected path, query, func, agg, over, window, warn, emergency, curve or interval, with =VALUE

=== what a query says itself
--- http_config
backpressure_zone api:64k {
    monitor http://127.0.0.1:9090;
    signal a query=up func=rate;
    signal b query=up agg=sum;
    signal c query=up over=/a;
    signal d query=up window=1m;
}
--- error
pingauge: [emerg] "func=rate" is for signals with "path" in http_config:3
   3 |     signal a query=up func=rate;
     |                       ^^^^^^^^^
     help: the query says all of that itself
pingauge: [emerg] "agg=sum" is for signals with "path" in http_config:4
   4 |     signal b query=up agg=sum;
     |                       ^^^^^^^
     help: the query says all of that itself
pingauge: [emerg] "over=/a" is for signals with "path" in http_config:5
   5 |     signal c query=up over=/a;
     |                       ^^^^^^^
     help: the query says all of that itself
pingauge: [emerg] "window=1m" is for signals with "path" in http_config:6
   6 |     signal d query=up window=1m;
     |                       ^^^^^^^^^
     help: the query says all of that itself

=== paths that match nothing
--- http_config
backpressure_zone api:64k {
    signal a path=connections/active;
    signal b path=/status/connections/active;
    signal c path=~(;
    signal d path=/a over=~*[;
}
--- error
pingauge: [emerg] path "connections/active" does not begin with "/" in http_config:2
   2 |     signal a path=connections/active;
     |                   ^^^^^^^^^^^^^^^^^^
     help: did you mean "/connections/active"?
pingauge: [emerg] path "/status/connections/active" matches nothing in http_config:3
   3 |     signal b path=/status/connections/active;
     |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: paths begin below /status: "/connections/active"
pingauge: [emerg] invalid regular expression "(": Parsing error at position 1: Opening parenthesis without closing parenthesis in http_config:4
   4 |     signal c path=~(;
     |                   ^^
pingauge: [emerg] invalid regular expression "[": Parsing error at position 1: Invalid character class in http_config:5
   5 |     signal d path=/a over=~*[;
     |                           ^^^

=== where they stand
--- http_config
signal x path=/a;
monitor http://a;
--- error
pingauge: [emerg] "signal" directive is not allowed here in http_config:1
   1 | signal x path=/a;
     | ^^^^^^
     help: allowed in: backpressure_zone
pingauge: [emerg] "monitor" directive is not allowed here in http_config:2
   2 | monitor http://a;
     | ^^^^^^^
     help: allowed in: backpressure_zone

=== too many signals
--- http_config
backpressure_zone api:64k {
    signal s1 path=/a;
    signal s2 path=/a;
    signal s3 path=/a;
    signal s4 path=/a;
    signal s5 path=/a;
    signal s6 path=/a;
    signal s7 path=/a;
    signal s8 path=/a;
    signal s9 path=/a;
    signal s10 path=/a;
    signal s11 path=/a;
    signal s12 path=/a;
    signal s13 path=/a;
    signal s14 path=/a;
    signal s15 path=/a;
    signal s16 path=/a;
    signal s17 path=/a;
    signal s18 path=/a;
    signal s19 path=/a;
    signal s20 path=/a;
    signal s21 path=/a;
    signal s22 path=/a;
    signal s23 path=/a;
    signal s24 path=/a;
    signal s25 path=/a;
    signal s26 path=/a;
    signal s27 path=/a;
    signal s28 path=/a;
    signal s29 path=/a;
    signal s30 path=/a;
    signal s31 path=/a;
    signal s32 path=/a;
    signal s33 path=/a;
}
--- error
pingauge: [emerg] too many signals: a zone has 32 at most in http_config:34
  34 |     signal s33 path=/a;
     |            ^^^

=== statements that are wrong are not told to be missing
--- http_config
backpressure_zone a:64k { signal; }
backpressure_zone b:64k { sginal x path=/a; }
backpressure_zone c:64k { signal x query=up; monitor a:1; }
backpressure_zone d:64k { signal x path=/a; signal; }
--- config
backpressure a; backpressure b; backpressure c; backpressure d;
--- error
pingauge: [emerg] invalid number of arguments in "signal" directive in http_config:1
   1 | backpressure_zone a:64k { signal; }
     |                           ^^^^^^^
     help: syntax: signal NAME path=PATH | path=~REGEX | path=~*REGEX [func=value | rate | delta] [agg=sum | max | min | avg] [over=PATH | over=~REGEX | over=~*REGEX] [window=TIME] [warn=NUMBER emergency=NUMBER [curve=NUMBER]] [interval=TIME]; or signal NAME query='PROMQL' [warn=NUMBER emergency=NUMBER [curve=NUMBER]] [interval=TIME];
     also: line 4
pingauge: [emerg] unknown directive "sginal" in http_config:2
   2 | backpressure_zone b:64k { sginal x path=/a; }
     |                           ^^^^^^
     help: did you mean "signal"?
pingauge: [emerg] invalid url in "monitor": "a:1" in http_config:3
   3 | backpressure_zone c:64k { signal x query=up; monitor a:1; }
     |                                                      ^^^
     help: expected the address of a Prometheus, as in http://127.0.0.1:9090, without user and password

=== upstreams that are not shown
--- http_config
upstream one { server 127.0.0.1:1; }
upstream two { zone two 64k; server 127.0.0.1:1; }
upstream three { server 127.0.0.1:1; }
backpressure_zone a:64k {
    signal a path=/http/upstreams/one/peers/127.0.0.1:1/selected/current;
    signal b path=/http/upstreams/two/peers/127.0.0.1:1/selected/current;
    signal c path=/a over=~^/http/upstreams/three/peers/[^/]+/fails$;
    signal d path=~^/http/upstreams/[^/]+/peers/[^/]+/fails$;
    signal e path=/http/upstreams/four/keepalive;
}
--- warn
pingauge: [warn] upstream "one" is not shown to signals in http_config:5
   5 |     signal a path=/http/upstreams/one/peers/127.0.0.1:1/selected/current;
     |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: add a line such as "zone one 64k;" to the upstream
pingauge: [warn] upstream "three" is not shown to signals in http_config:7
   7 |     signal c path=/a over=~^/http/upstreams/three/peers/[^/]+/fails$;
     |              ^^^^^^^
     help: add a line such as "zone three 64k;" to the upstream

=== no upstream is shown
--- http_config
upstream one { server 127.0.0.1:1; }
backpressure_zone a:64k { signal a path=~^/http/upstreams/[^/]+/keepalive$; }
--- warn
pingauge: [warn] upstream "one" is not shown to signals in http_config:2
   2 | backpressure_zone a:64k { signal a path=~^/http/upstreams/[^/]+/keepalive$; }
     |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: add a line such as "zone one 64k;" to the upstream
