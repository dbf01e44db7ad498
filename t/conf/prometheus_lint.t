# What "-t" says about templates: what no scraper could read is an error, what a style guide objects to a warning.

=== names and labels that can never be read
--- http_config
prometheus_template t {
    a-b $p8s_value path=/x;
    'a{b="$1"' $p8s_value path=~/(x);
    'a{b="1",b="2"}' $p8s_value path=/x;
    'a{b-c="1"}' $p8s_value path=/x;
    '{b="1"}' $p8s_value path=/x;
}
--- config
--- error
pingauge: [emerg] "a-b" is not a Prometheus metric name in http_config:2
   2 |     a-b $p8s_value path=/x;
     |     ^^^
     help: letters, digits, "_" and ":", no digit first
pingauge: [emerg] no scraper can read the labels of "a" in http_config:3
   3 |     'a{b="$1"' $p8s_value path=~/(x);
     |     ^^^^^^^^^^
     help: labels are written as {name="value",other="$1"}, each name once
     also: line 4, line 5
pingauge: [warn] metric "a" has no help in http_config:3
   3 |     'a{b="$1"' $p8s_value path=~/(x);
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [warn] "a" never gets a value: "a-b" above takes the same path in http_config:4
   4 |     'a{b="1",b="2"}' $p8s_value path=/x;
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     also: line 5
pingauge: [emerg] "" is not a Prometheus metric name in http_config:6
   6 |     '{b="1"}' $p8s_value path=/x;
     |     ^^^^^^^^^
     help: letters, digits, "_" and ":", no digit first
pingauge: [warn] "" never gets a value: "a-b" above takes the same path in http_config:6
   6 |     '{b="1"}' $p8s_value path=/x;
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

=== what promtool objects to
--- http_config
metric_zone z:64k count;
prometheus_template t {
    requests $p8s_value path=/a type=counter help=Requests;
    'lastSeen_milliseconds{Key="$1",le="x"}' $p8s_value path=~/(b) type=gauge;
    a_total $p8s_value path=/c type=gauge help=A;
    b $p8s_value path=/d type=nonsense help=B;
    metric_zone z;
}
--- config
--- warn
pingauge: [warn] metric "requests" is a counter and should end in "_total" in http_config:3
   3 |     requests $p8s_value path=/a type=counter help=Requests;
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [warn] metric "lastSeen_milliseconds" has no help in http_config:4
   4 |     'lastSeen_milliseconds{Key="$1",le="x"}' $p8s_value path=~/(b) type=gauge;
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [warn] metric "lastSeen_milliseconds" is not a histogram and should have no label "le" in http_config:4
   4 |     'lastSeen_milliseconds{Key="$1",le="x"}' $p8s_value path=~/(b) type=gauge;
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [warn] metric "lastSeen_milliseconds" should be in snake_case in http_config:4
   4 |     'lastSeen_milliseconds{Key="$1",le="x"}' $p8s_value path=~/(b) type=gauge;
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [warn] metric "lastSeen_milliseconds" should use the base unit "seconds", not "milliseconds" in http_config:4
   4 |     'lastSeen_milliseconds{Key="$1",le="x"}' $p8s_value path=~/(b) type=gauge;
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [warn] metric "a_total" is not a counter and should not end in "_total" in http_config:5
   5 |     a_total $p8s_value path=/c type=gauge help=A;
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [warn] "nonsense" is not a Prometheus metric type in http_config:6
   6 |     b $p8s_value path=/d type=nonsense help=B;
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     help: counter, gauge, histogram, summary and untyped are
pingauge: [warn] metric "b" should not abbreviate the unit "b" in http_config:6
   6 |     b $p8s_value path=/d type=nonsense help=B;
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [warn] metric "z_total" has no help in http_config:7
   7 |     metric_zone z;
     |                 ^

=== what it does not object to
--- http_config
metric_zone z:64k count;
prometheus_template t {
    requests_total $p8s_value path=/a type=counter help=Requests;
    'seconds_bucket{le="$1"}' $p8s_value path=~/(b) type=histogram help=Times;
    seconds_sum $p8s_value path=/c;
    seconds_count $p8s_value path=/d;
    metric_zone z help=Things;
}
--- config
--- ok

=== labels that depend on variables are looked at when they are there
--- http_config
prometheus_template t { 'generation{$arg_labels}' $p8s_value path=/angie/generation; }
--- config
location /p { prometheus t; }
--- requests
GET /p?labels= = # Angie Prometheus template "t"\ngeneration{} 1\n
GET /p?labels=x = # Angie Prometheus template "t"\n

=== names that stand twice
--- http_config
metric_zone a:64k count;
metric_zone b:64k gauge;
prometheus_template t {
    metric_zone b help=B;
    a_total $p8s_value path=/a type=counter help=A;
    metric_zone * help=All;
}
--- config
--- warn
pingauge: [warn] metric "b" should not abbreviate the unit "b" in http_config:4
   4 |     metric_zone b help=B;
     |                 ^
pingauge: [warn] "a_total" never gets a value: the page has that name already in http_config:6
   6 |     metric_zone * help=All;
     |                 ^
     help: prefix=TEXT or as=NAME give another name
pingauge: [warn] "b" never gets a value: the page has that name already in http_config:6
   6 |     metric_zone * help=All;
     |                 ^
     help: prefix=TEXT or as=NAME give another name

=== a histogram with a largest value
--- http_config
metric_zone a:64k histogram 1 2;
metric_zone b:64k histogram 1 +Inf;
prometheus_template t { metric_zone a as=seconds help=A; metric_zone b as=times help=B; }
--- config
--- warn
pingauge: [warn] zone "a" has a histogram without the limit +Inf: larger values are in none of its series in http_config:3
   3 | prometheus_template t { metric_zone a as=seconds help=A; metric_zone b as=times help=B; }
     |                                     ^
