# metric_zone within a template: all keys of a zone, with names and types that scrapers understand.

=== a key is a family, and its name is made valid
--- http_config
metric_zone apps:64k gauge;
prometheus_template t { metric_zone apps keys=families prefix=app_; }
--- config
location /u { metric apps $http_x_key=$arg_v on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?v=3 204
    X-Key: My-Metric X!
GET /u?v=4 204
    X-Key: my_metric_x
GET /u?v=1.5 204
    X-Key: Uptime:Seconds
GET /u?v=2 204
    X-Key: 9lives
GET /u?v=2 204
    X-Key: !!!
--- prometheus /p
# Angie Prometheus template "t"
# TYPE app_9lives gauge
app_9lives 2
# TYPE app_Uptime:Seconds gauge
app_Uptime:Seconds 1.5
# TYPE app_my_metric_x gauge
app_my_metric_x 3
# skipped 2
--- response_headers
Content-Length: ~^\d+$

=== names that begin with a digit are left out
--- http_config
metric_zone apps:64k count;
prometheus_template t { metric_zone apps keys=families; }
--- config
location /u { metric apps $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=9lives 204
GET /u?k=a 204
--- prometheus /p
# Angie Prometheus template "t"
# TYPE a counter
a 1
# skipped 1

=== keys with labels are series of one family
--- http_config
metric_zone jobs:64k count;
prometheus_template t { metric_zone jobs keys=families; }
--- config
location /u { metric jobs $http_x_key on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u 204 x2
    X-Key: jobs_total{job="b"}
GET /u 204
    X-Key: jobs_total{job="a",at="x\"}{"}
GET /u 204
    X-Key: jobs_total
GET /u 204
    X-Key: jobs_total{ at="x\"}{" , job="a", none="" }
GET /u 204
    X-Key: other{job="a"} 1
GET /u 204
    X-Key: other{job="a
--- prometheus /p
# Angie Prometheus template "t"
# TYPE jobs_total counter
jobs_total 1
jobs_total{at="x\"}{",job="a",none=""} 1
jobs_total{job="b"} 2
# TYPE otherjoba counter
otherjoba 1
# TYPE otherjoba_1 counter
otherjoba_1 1
# skipped 1

=== a histogram has buckets, a sum and a count
--- http_config
metric_zone times:64k histogram 5 1 0x10;
prometheus_template t { metric_zone times keys=families; metric_zone times prefix=all_; }
--- config
location /u { metric times $http_x_key=$arg_v on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?v=0.5 204
    X-Key: load{host="a"}
GET /u?v=3 204
    X-Key: load{host="a"}
GET /u?v=12 204
    X-Key: load
GET /u?v=12 204
    X-Key: load{le="1"}
GET /u?v=1 204
    X-Key: load_sum
--- prometheus /p
# Angie Prometheus template "t"
# TYPE load histogram
load_bucket{le="1"} 0
load_bucket{le="5"} 0
load_bucket{le="16"} 1
load_bucket{le="+Inf"} 1
load_sum 12
load_count 1
load_bucket{host="a",le="1"} 1
load_bucket{host="a",le="5"} 2
load_bucket{host="a",le="16"} 2
load_bucket{host="a",le="+Inf"} 2
load_sum{host="a"} 3.5
load_count{host="a"} 2
# skipped 2
# TYPE all_times histogram
all_times_bucket{key="load{host=\"a\"}",le="1"} 1
all_times_bucket{key="load{host=\"a\"}",le="5"} 2
all_times_bucket{key="load{host=\"a\"}",le="16"} 2
all_times_bucket{key="load{host=\"a\"}",le="+Inf"} 2
all_times_sum{key="load{host=\"a\"}"} 3.5
all_times_count{key="load{host=\"a\"}"} 2
all_times_bucket{key="load",le="1"} 0
all_times_bucket{key="load",le="5"} 0
all_times_bucket{key="load",le="16"} 1
all_times_bucket{key="load",le="+Inf"} 1
all_times_sum{key="load"} 12
all_times_count{key="load"} 1
all_times_bucket{key="load{le=\"1\"}",le="1"} 0
all_times_bucket{key="load{le=\"1\"}",le="5"} 0
all_times_bucket{key="load{le=\"1\"}",le="16"} 1
all_times_bucket{key="load{le=\"1\"}",le="+Inf"} 1
all_times_sum{key="load{le=\"1\"}"} 12
all_times_count{key="load{le=\"1\"}"} 1
all_times_bucket{key="load_sum",le="1"} 1
all_times_bucket{key="load_sum",le="5"} 1
all_times_bucket{key="load_sum",le="16"} 1
all_times_bucket{key="load_sum",le="+Inf"} 1
all_times_sum{key="load_sum"} 1
all_times_count{key="load_sum"} 1

=== a zone of several metrics
--- http_config
metric_complex_zone pages:64k { requests count; slowest max; }
prometheus_template t { metric_zone pages keys=families; metric_zone pages prefix=site_; }
--- config
location /u { metric pages $arg_k=$arg_v on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=home&v=5 204
GET /u?k=home&v=2 204
--- prometheus /p
# Angie Prometheus template "t"
# TYPE home_requests counter
home_requests 2
# TYPE home_slowest gauge
home_slowest 5
# TYPE site_pages_requests counter
site_pages_requests{key="home"} 2
# TYPE site_pages_slowest gauge
site_pages_slowest{key="home"} 5

=== the order of the template holds, and no name stands twice
--- http_config
metric_zone z:64k last;
prometheus_template t {
    metric_zone z prefix=first_;
    sum $p8s_value path=/http/metric_zones/z/metrics/;
    metric_zone z keys=families;
    metric_zone z keys=families;
    times $p8s_value path=/http/metric_zones/none type=histogram;
    sum $p8s_value path=/http/metric_zones/z/discarded;
}
--- config
location /u { metric z $arg_k=1 on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=sum 204
GET /u?k=times_count 204
GET /u?k=a 204
--- prometheus /p
# Angie Prometheus template "t"
# TYPE first_z gauge
first_z{key="sum"} 1
first_z{key="times_count"} 1
first_z{key="a"} 1
sum 3
# TYPE a gauge
a 1
# skipped 2
# skipped 3

=== bytes that are no UTF-8, and the discard key
--- http_config
metric_zone z:32k expire=on discard_key=others count;
prometheus_template t { metric_zone z keys=families; metric_zone z prefix=l_; }
--- config
location /u { metric z $http_x_key on=request; return 204; }
location /p { prometheus t; }
--- raw_request
GET /u HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Key: a\xff"\\\r\n\r\n
--- raw_response_like
204
--- prometheus /p
# Angie Prometheus template "t"
# TYPE a counter
a 1
# TYPE l_z counter
l_z{key="a�\"\\"} 1

=== many keys are written by a thread
--- http_config
metric_zone z:1m count;
prometheus_template t { metric_zone z keys=families; metric_zone z prefix=l_; last $p8s_value path=/http/metric_zones/z/metrics/; }
--- config
location /u { metric z $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=k<<#4>> 204 x1100
GET /p ~ (?s)# TYPE k0001 counter\nk0001 1\n.*l_z\{key="k1099"\} 1\nlast 1100\n$
--- response_headers
!Content-Length

=== a metric that is called so
--- http_config
prometheus_template t { metric_zone $arg_v type=gauge; 'metric_zone{a="b"}' $arg_v; }
--- config
location /p { prometheus t; }
--- prometheus /p?v=5
# Angie Prometheus template "t"
# TYPE metric_zone gauge
metric_zone 5
metric_zone{a="b"} 5

=== a zone that is not there
--- http_config
metric_zone apps:64k count;
prometheus_template t { metric_zone aps keys=families; }
--- config
--- error
pingauge: [emerg] metric zone "aps" is not declared in http_config:2
   2 | prometheus_template t { metric_zone aps keys=families; }
     |                                     ^^^
     help: did you mean "apps"?

=== a parameter that is none
--- http_config
metric_zone apps:64k count;
prometheus_template t { metric_zone apps key=families; }
--- config
--- error
pingauge: [emerg] invalid parameter "key=families" in http_config:2
   2 | prometheus_template t { metric_zone apps key=families; }
     |                                          ^^^^^^^^^^^^
     help: expected keys=families or prefix=TEXT

=== keys as something else
--- http_config
metric_zone apps:64k count;
prometheus_template t { metric_zone apps keys=labels; }
--- config
--- error
pingauge: [emerg] unknown use of keys "labels" in http_config:2
   2 | prometheus_template t { metric_zone apps keys=labels; }
     |                                               ^^^^^^
     help: expected keys=families, or nothing for labels

=== a prefix that begins no name
--- http_config
metric_zone apps:64k count;
prometheus_template t { metric_zone apps prefix=9_; metric_zone apps prefix=; }
--- config
--- error
pingauge: [emerg] "9_" cannot begin a metric name in http_config:2
   2 | prometheus_template t { metric_zone apps prefix=9_; metric_zone apps prefix=; }
     |                                                 ^^
     help: letters, digits, "_" and ":", no digit first
pingauge: [emerg] "" cannot begin a metric name in http_config:2
   2 | prometheus_template t { metric_zone apps prefix=9_; metric_zone apps prefix=; }
     |                                                                             ^
     help: letters, digits, "_" and ":", no digit first

=== a zone whose name is no metric name
--- http_config
metric_zone 9:64k count;
prometheus_template t { metric_zone 9; metric_zone 9 prefix=nine_; }
--- config
--- error
pingauge: [emerg] zone "9" has no name for a metric in http_config:2
   2 | prometheus_template t { metric_zone 9; metric_zone 9 prefix=nine_; }
     |                                     ^
     help: add prefix=TEXT
