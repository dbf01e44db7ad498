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
# TYPE app_My_Metric_X_ gauge
app_My_Metric_X_ 3
# TYPE app_Uptime:Seconds gauge
app_Uptime:Seconds 1.5
# TYPE app____ gauge
app____ 2
# TYPE app_my_metric_x gauge
app_my_metric_x 4
--- response_headers
Content-Length: ~^\d+$

=== names that begin with a digit, and letters that cannot stay
--- http_config
metric_zone apps:64k count;
prometheus_template t { metric_zone apps keys=families; }
--- config
location /u { metric apps $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=9lives 204
GET /u?k=a 204
GET /u?k=http.requests 204
GET /u?k=httprequests 204
GET /u?k=a/b 204
GET /u?k=ab 204
--- prometheus /p
# Angie Prometheus template "t"
# TYPE _lives counter
_lives 1
# TYPE a counter
a 1
# TYPE a_b counter
a_b 1
# TYPE ab counter
ab 1
# TYPE http_requests counter
http_requests 1
# TYPE httprequests counter
httprequests 1

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
jobs_total{at="x\"}{",job="a"} 2
jobs_total{job="b"} 2
# TYPE other_job__a counter
other_job__a 1
# TYPE other_job__a___1 counter
other_job__a___1 1

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
# TYPE site_pages_requests_total counter
site_pages_requests_total{key="home"} 2
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
# TYPE a___ counter
a___ 1
# TYPE l_z_total counter
l_z_total{key="a�\"\\"} 1

=== many keys are written by a thread
--- http_config
metric_zone z:1m count;
prometheus_template t { metric_zone z keys=families; metric_zone z prefix=l_; last $p8s_value path=/http/metric_zones/z/metrics/; }
--- config
location /u { metric z $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=k<<#4>> 204 x1100
GET /p ~ (?s)# TYPE k0001 counter\nk0001 1\n.*l_z_total\{key="k1099"\} 1\nlast 1100\n$
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
     help: expected as=NAME, label=NAME, labels=~REGEX, aggregate=LABEL,..., keys=labels, keys=families, prefix=TEXT, help=TEXT or max_keys=N

=== keys as something else
--- http_config
metric_zone apps:64k count;
prometheus_template t { metric_zone apps keys=names; }
--- config
--- error
pingauge: [emerg] unknown use of keys "names" in http_config:2
   2 | prometheus_template t { metric_zone apps keys=names; }
     |                                               ^^^^^
     help: expected keys=labels or keys=families

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
pingauge: [warn] metric "nine_9_total" has no help in http_config:2
   2 | prometheus_template t { metric_zone 9; metric_zone 9 prefix=nine_; }
     |                                                    ^

=== a zone by another name, with labels that are cut out of its keys
--- http_config
metric_zone requests:64k count;
metric_complex_zone pages:64k { hits count; slowest max; }
prometheus_template t {
    metric_zone requests as=http_requests 'labels=~^(?<method>\S+) (?<code>\d+)$' 'help=Requests by method
and "code".';
    metric_zone pages prefix=site_ label=page;
}
--- config
location /u { metric requests $http_x_key on=request; metric pages $arg_k=$arg_v on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=home&v=5 204
    X-Key: GET 200
GET /u?k=home&v=2 204
    X-Key: PO"ST 404
GET /u?k=x&v=2 204
    X-Key: nonsense
GET /u 204
    X-Key: GET 200
--- prometheus /p
# Angie Prometheus template "t"
# HELP http_requests_total Requests by method\nand "code".
# TYPE http_requests_total counter
http_requests_total{method="GET",code="200"} 2
http_requests_total{method="PO\"ST",code="404"} 1
# skipped 1
# TYPE site_pages_hits_total counter
site_pages_hits_total{page="home"} 2
site_pages_hits_total{page="x"} 1
# TYPE site_pages_slowest gauge
site_pages_slowest{page="home"} 5
site_pages_slowest{page="x"} 2
--- requests
GET /p 200
    Accept: application/openmetrics-text
--- response_body
# HELP http_requests Requests by method\nand \"code\".
# TYPE http_requests counter
http_requests_total{method="GET",code="200"} 2
http_requests_total{method="PO\"ST",code="404"} 1
# TYPE site_pages_hits counter
site_pages_hits_total{page="home"} 2
site_pages_hits_total{page="x"} 1
# TYPE site_pages_slowest gauge
site_pages_slowest{page="home"} 5
site_pages_slowest{page="x"} 2
# EOF
--- response_headers
Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8
Vary: Accept, Accept-Encoding

=== all zones with one line
--- http_config
metric_zone visits:64k count;
metric_zone in-flight:64k gauge;
metric_zone times:64k histogram 1 10;
metric_complex_zone pages:64k { requests_total count; spread histogram 0.1 1000000 +Inf; }
prometheus_template t { 'in_flight{site="$1"}' $p8s_value path=~^/http/metric_zones/in-flight/metrics/(.+)$; metric_zone *; }
--- config
location /u { metric visits $arg_k on=request; metric in-flight $arg_k=-1 on=request; metric times $arg_k=5 on=request;
    metric pages $arg_k=0.5 on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=home 204
--- prometheus /p
# Angie Prometheus template "t"
in_flight{site="home"} -1
# HELP visits_total Metric zone "visits": The number of samples; their values do not matter.
# TYPE visits_total counter
visits_total{key="home"} 1
# skipped 1
# HELP times Metric zone "times": For every limit, the number of values not above it; `+Inf` counts all.
# TYPE times histogram
times_bucket{key="home",le="1"} 0
times_bucket{key="home",le="10"} 1
times_bucket{key="home",le="+Inf"} 1
times_sum{key="home"} 5
times_count{key="home"} 1
# HELP pages_requests_total Metric zone "pages", metric "requests_total": The number of samples; their values do not matter.
# TYPE pages_requests_total counter
pages_requests_total{key="home"} 1
# HELP pages_spread Metric zone "pages", metric "spread": For every limit, the number of values not above it; `+Inf` counts all.
# TYPE pages_spread histogram
pages_spread_bucket{key="home",le="0.1"} 0
pages_spread_bucket{key="home",le="1000000"} 1
pages_spread_bucket{key="home",le="+Inf"} 1
pages_spread_sum{key="home"} 0.5
pages_spread_count{key="home"} 1
--- requests
GET /p 200
    Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5
--- response_body
in_flight{site="home"} -1
# HELP visits Metric zone \"visits\": The number of samples; their values do not matter.
# TYPE visits counter
visits_total{key="home"} 1
# HELP times Metric zone \"times\": For every limit, the number of values not above it; `+Inf` counts all.
# TYPE times histogram
times_bucket{key="home",le="1.0"} 0
times_bucket{key="home",le="10.0"} 1
times_bucket{key="home",le="+Inf"} 1
times_sum{key="home"} 5
times_count{key="home"} 1
# HELP pages_requests Metric zone \"pages\", metric \"requests_total\": The number of samples; their values do not matter.
# TYPE pages_requests counter
pages_requests_total{key="home"} 1
# HELP pages_spread Metric zone \"pages\", metric \"spread\": For every limit, the number of values not above it; `+Inf` counts all.
# TYPE pages_spread histogram
pages_spread_bucket{key="home",le="0.1"} 0
pages_spread_bucket{key="home",le="1e+06"} 1
pages_spread_bucket{key="home",le="+Inf"} 1
pages_spread_sum{key="home"} 0.5
pages_spread_count{key="home"} 1
# EOF

=== a counter is unknown to OpenMetrics where another family has its name
--- http_config
metric_zone a:64k count;
metric_zone b:64k count;
prometheus_template t { metric_zone a; a $p8s_value path=/http/metric_zones/a/metrics/; metric_zone b keys=families; }
--- config
location /u { metric a $arg_k on=request; metric b $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=x 204
GET /u?k=x_total 204
GET /u?k=y_total 204
GET /p 200
    Accept: application/openmetrics-text
--- response_body
# TYPE a_total unknown
a_total{key="x"} 1
a_total{key="x_total"} 1
a_total{key="y_total"} 1
a 3
# TYPE x unknown
x 1
# TYPE x_total unknown
x_total 1
# TYPE y counter
y_total 1
# EOF

=== a limit below 0 makes three families of unknown type in OpenMetrics, a sum below 0 has no place there
--- http_config
metric_zone below:64k histogram -1 1;
metric_zone above:64k histogram 1;
prometheus_template t { metric_zone *; }
--- config
location /u { metric below k=$arg_v on=request; metric above k=$arg_v on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?v=-5 204
--- prometheus /p
# Angie Prometheus template "t"
# HELP below Metric zone "below": For every limit, the number of values not above it; `+Inf` counts all.
# TYPE below histogram
below_bucket{key="k",le="-1"} 1
below_bucket{key="k",le="1"} 1
below_bucket{key="k",le="+Inf"} 1
below_sum{key="k"} -5
below_count{key="k"} 1
# HELP above Metric zone "above": For every limit, the number of values not above it; `+Inf` counts all.
# TYPE above histogram
above_bucket{key="k",le="1"} 1
above_bucket{key="k",le="+Inf"} 1
above_sum{key="k"} -5
above_count{key="k"} 1
--- requests
GET /p 200
    Accept: application/openmetrics-text
--- response_body
# HELP below_bucket Metric zone \"below\": For every limit, the number of values not above it; `+Inf` counts all.
# TYPE below_bucket unknown
below_bucket{key="k",le="-1.0"} 1
below_bucket{key="k",le="1.0"} 1
below_bucket{key="k",le="+Inf"} 1
# HELP below_sum Metric zone \"below\": For every limit, the number of values not above it; `+Inf` counts all.
# TYPE below_sum unknown
below_sum{key="k"} -5
# HELP below_count Metric zone \"below\": For every limit, the number of values not above it; `+Inf` counts all.
# TYPE below_count unknown
below_count{key="k"} 1
# HELP above Metric zone \"above\": For every limit, the number of values not above it; `+Inf` counts all.
# TYPE above histogram
above_bucket{key="k",le="1.0"} 1
above_bucket{key="k",le="+Inf"} 1
# EOF

=== names that meet are left out but for one, and said to be
--- http1_only a target with a quote is none
--- http_config
metric_zone z:64k count;
metric_zone a.b:64k count;
metric_zone a_b:64k count;
metric_complex_zone c:64k { x.y count; x_y count; }
prometheus_template t { metric_zone z keys=families; metric_zone a.b; metric_zone a_b; metric_zone c; }
--- config
location /u { metric z $arg_k on=request; metric a.b $arg_k on=request; metric a_b $arg_k on=request;
    metric c $arg_k=1 on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=http.requests 204
GET /u?k=http_requests 204 x2
GET /u?k=http-requests 204
GET /u?k=a.x 204
GET /u?k=a/x 204
GET /u?k=a/x{l="1"} 204
GET /u?k=a_b_total 204
--- prometheus /p
# Angie Prometheus template "t"
# TYPE a_x counter
a_x 1
# TYPE http_requests counter
http_requests 2
# skipped 5
# TYPE a_b_total counter
a_b_total{key="http.requests"} 1
a_b_total{key="http_requests"} 2
a_b_total{key="http-requests"} 1
a_b_total{key="a.x"} 1
a_b_total{key="a/x"} 1
a_b_total{key="a/x{l=\"1\"}"} 1
a_b_total{key="a_b_total"} 1
# skipped 7
# TYPE c_x_y_total counter
c_x_y_total{key="http.requests"} 1
c_x_y_total{key="http_requests"} 2
c_x_y_total{key="http-requests"} 1
c_x_y_total{key="a.x"} 1
c_x_y_total{key="a/x"} 1
c_x_y_total{key="a/x{l=\"1\"}"} 1
c_x_y_total{key="a_b_total"} 1
# skipped 7
--- json_like /status/angie/self/scrapes/t/last
{"skipped": 19}

=== keys of the same labels add up, each mode in its way
--- http_config
metric_complex_zone z:64k { c count; g gauge; l last; n min; x max; h histogram 1 5 +Inf; }
prometheus_template t { metric_zone z labels=~^(?<method>[A-Z]+); metric_zone z keys=families; }
--- config
location /u { metric z $http_x_key=$arg_v on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?v=3 204 x2
    X-Key: GET-200
GET /u?v=0.5 204
    X-Key: GET-404
GET /u?v=7 204
    X-Key: GET-500
GET /u?v=2 204
    X-Key: PUT-200
GET /u?v=2 204
    X-Key: nonsense{a="1", b="2"}
GET /u?v=4 204
    X-Key: nonsense{b="2",a="1"}
--- prometheus /p
# Angie Prometheus template "t"
# TYPE z_c_total counter
z_c_total{method="GET"} 4
z_c_total{method="PUT"} 1
# TYPE z_g gauge
z_g{method="GET"} 13.5
z_g{method="PUT"} 2
# TYPE z_l gauge
z_l{method="GET"} 7
z_l{method="PUT"} 2
# TYPE z_n gauge
z_n{method="GET"} 0.5
z_n{method="PUT"} 2
# TYPE z_x gauge
z_x{method="GET"} 7
z_x{method="PUT"} 2
# TYPE z_h histogram
z_h_bucket{method="GET",le="1"} 1
z_h_bucket{method="GET",le="5"} 3
z_h_bucket{method="GET",le="+Inf"} 4
z_h_sum{method="GET"} 13.5
z_h_count{method="GET"} 4
z_h_bucket{method="PUT",le="1"} 0
z_h_bucket{method="PUT",le="5"} 1
z_h_bucket{method="PUT",le="+Inf"} 1
z_h_sum{method="PUT"} 2
z_h_count{method="PUT"} 1
# skipped 2
# TYPE GET_200_c counter
GET_200_c 2
# TYPE GET_200_g gauge
GET_200_g 6
# TYPE GET_200_l gauge
GET_200_l 3
# TYPE GET_200_n gauge
GET_200_n 3
# TYPE GET_200_x gauge
GET_200_x 3
# TYPE GET_200_h histogram
GET_200_h_bucket{le="1"} 0
GET_200_h_bucket{le="5"} 2
GET_200_h_bucket{le="+Inf"} 2
GET_200_h_sum 6
GET_200_h_count 2
# TYPE GET_404_c counter
GET_404_c 1
# TYPE GET_404_g gauge
GET_404_g 0.5
# TYPE GET_404_l gauge
GET_404_l 0.5
# TYPE GET_404_n gauge
GET_404_n 0.5
# TYPE GET_404_x gauge
GET_404_x 0.5
# TYPE GET_404_h histogram
GET_404_h_bucket{le="1"} 1
GET_404_h_bucket{le="5"} 1
GET_404_h_bucket{le="+Inf"} 1
GET_404_h_sum 0.5
GET_404_h_count 1
# TYPE GET_500_c counter
GET_500_c 1
# TYPE GET_500_g gauge
GET_500_g 7
# TYPE GET_500_l gauge
GET_500_l 7
# TYPE GET_500_n gauge
GET_500_n 7
# TYPE GET_500_x gauge
GET_500_x 7
# TYPE GET_500_h histogram
GET_500_h_bucket{le="1"} 0
GET_500_h_bucket{le="5"} 0
GET_500_h_bucket{le="+Inf"} 1
GET_500_h_sum 7
GET_500_h_count 1
# TYPE PUT_200_c counter
PUT_200_c 1
# TYPE PUT_200_g gauge
PUT_200_g 2
# TYPE PUT_200_l gauge
PUT_200_l 2
# TYPE PUT_200_n gauge
PUT_200_n 2
# TYPE PUT_200_x gauge
PUT_200_x 2
# TYPE PUT_200_h histogram
PUT_200_h_bucket{le="1"} 0
PUT_200_h_bucket{le="5"} 1
PUT_200_h_bucket{le="+Inf"} 1
PUT_200_h_sum 2
PUT_200_h_count 1
# TYPE nonsense_c counter
nonsense_c{a="1",b="2"} 2
# TYPE nonsense_g gauge
nonsense_g{a="1",b="2"} 6
# TYPE nonsense_l gauge
nonsense_l{a="1",b="2"} 4
# TYPE nonsense_n gauge
nonsense_n{a="1",b="2"} 2
# TYPE nonsense_x gauge
nonsense_x{a="1",b="2"} 4
# TYPE nonsense_h histogram
nonsense_h_bucket{a="1",b="2",le="1"} 0
nonsense_h_bucket{a="1",b="2",le="5"} 2
nonsense_h_bucket{a="1",b="2",le="+Inf"} 2
nonsense_h_sum{a="1",b="2"} 6
nonsense_h_count{a="1",b="2"} 2
--- requests
GET /p 200
    Accept: application/openmetrics-text
--- response_body
# TYPE z_c counter
z_c_total{method="GET"} 4
z_c_total{method="PUT"} 1
# TYPE z_g gauge
z_g{method="GET"} 13.5
z_g{method="PUT"} 2
# TYPE z_l gauge
z_l{method="GET"} 7
z_l{method="PUT"} 2
# TYPE z_n gauge
z_n{method="GET"} 0.5
z_n{method="PUT"} 2
# TYPE z_x gauge
z_x{method="GET"} 7
z_x{method="PUT"} 2
# TYPE z_h histogram
z_h_bucket{method="GET",le="1.0"} 1
z_h_bucket{method="GET",le="5.0"} 3
z_h_bucket{method="GET",le="+Inf"} 4
z_h_sum{method="GET"} 13.5
z_h_count{method="GET"} 4
z_h_bucket{method="PUT",le="1.0"} 0
z_h_bucket{method="PUT",le="5.0"} 1
z_h_bucket{method="PUT",le="+Inf"} 1
z_h_sum{method="PUT"} 2
z_h_count{method="PUT"} 1
# TYPE GET_200_c unknown
GET_200_c 2
# TYPE GET_200_g gauge
GET_200_g 6
# TYPE GET_200_l gauge
GET_200_l 3
# TYPE GET_200_n gauge
GET_200_n 3
# TYPE GET_200_x gauge
GET_200_x 3
# TYPE GET_200_h histogram
GET_200_h_bucket{le="1.0"} 0
GET_200_h_bucket{le="5.0"} 2
GET_200_h_bucket{le="+Inf"} 2
GET_200_h_sum 6
GET_200_h_count 2
# TYPE GET_404_c unknown
GET_404_c 1
# TYPE GET_404_g gauge
GET_404_g 0.5
# TYPE GET_404_l gauge
GET_404_l 0.5
# TYPE GET_404_n gauge
GET_404_n 0.5
# TYPE GET_404_x gauge
GET_404_x 0.5
# TYPE GET_404_h histogram
GET_404_h_bucket{le="1.0"} 1
GET_404_h_bucket{le="5.0"} 1
GET_404_h_bucket{le="+Inf"} 1
GET_404_h_sum 0.5
GET_404_h_count 1
# TYPE GET_500_c unknown
GET_500_c 1
# TYPE GET_500_g gauge
GET_500_g 7
# TYPE GET_500_l gauge
GET_500_l 7
# TYPE GET_500_n gauge
GET_500_n 7
# TYPE GET_500_x gauge
GET_500_x 7
# TYPE GET_500_h histogram
GET_500_h_bucket{le="1.0"} 0
GET_500_h_bucket{le="5.0"} 0
GET_500_h_bucket{le="+Inf"} 1
GET_500_h_sum 7
GET_500_h_count 1
# TYPE PUT_200_c unknown
PUT_200_c 1
# TYPE PUT_200_g gauge
PUT_200_g 2
# TYPE PUT_200_l gauge
PUT_200_l 2
# TYPE PUT_200_n gauge
PUT_200_n 2
# TYPE PUT_200_x gauge
PUT_200_x 2
# TYPE PUT_200_h histogram
PUT_200_h_bucket{le="1.0"} 0
PUT_200_h_bucket{le="5.0"} 1
PUT_200_h_bucket{le="+Inf"} 1
PUT_200_h_sum 2
PUT_200_h_count 1
# TYPE nonsense_c unknown
nonsense_c{a="1",b="2"} 2
# TYPE nonsense_g gauge
nonsense_g{a="1",b="2"} 6
# TYPE nonsense_l gauge
nonsense_l{a="1",b="2"} 4
# TYPE nonsense_n gauge
nonsense_n{a="1",b="2"} 2
# TYPE nonsense_x gauge
nonsense_x{a="1",b="2"} 4
# TYPE nonsense_h histogram
nonsense_h_bucket{a="1",b="2",le="1.0"} 0
nonsense_h_bucket{a="1",b="2",le="5.0"} 2
nonsense_h_bucket{a="1",b="2",le="+Inf"} 2
nonsense_h_sum{a="1",b="2"} 6
nonsense_h_count{a="1",b="2"} 2
# EOF

=== keys that only ill-formed bytes tell apart add up, also in JSON
--- http_config
metric_zone z:64k count;
metric_zone l:64k last;
prometheus_template t { metric_zone z; metric_zone z keys=families; metric_zone l; keys $p8s_value path=/http/metric_zones/z/metrics/; }
--- config
location /u/ { metric z $uri on=request; metric l $uri=$arg_v on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u/a%ff?v=1 204
GET /u/b?v=2 204
GET /u/a%fe?v=3 204 x2
GET /u/a%ef%bf%bd?v=4 204
--- json /status/http/metric_zones/z/metrics/
{
  "/u/a�": 4,
  "/u/b": 1
}
--- prometheus /p
# Angie Prometheus template "t"
# TYPE z_total counter
z_total{key="/u/b"} 1
z_total{key="/u/a�"} 4
# TYPE _u_a_ counter
_u_a_ 4
# TYPE _u_b counter
_u_b 1
# TYPE l gauge
l{key="/u/b"} 2
l{key="/u/a�"} 4
keys 4

=== what ends a line for some readers is replaced in labels, and kept in JSON
--- http_config
metric_zone z:64k count;
prometheus_template t { metric_zone z; metric_zone z keys=families; 'one{key="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$; }
--- config
location /u/ { metric z $uri on=request; metric z 'f{k="$uri"}=1' on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u/a%0b 204
GET /u/a%0d 204
GET /u/b%c2%85%e2%80%a8%e2%80%a9%1c%1d%1e%0c 204
GET /u/c%e2%80%a7%c2%a0%1f 204
--- json /status/http/metric_zones/z/metrics/
{
  "/u/a\u000b": 1,
  "/u/a\r": 1,
  "/u/b  \u001c\u001d\u001e\f": 1,
  "/u/c‧ \u001f": 1,
  "f{k=\"/u/a\u000b\"}": 1,
  "f{k=\"/u/a\r\"}": 1,
  "f{k=\"/u/b  \u001c\u001d\u001e\f\"}": 1,
  "f{k=\"/u/c‧ \u001f\"}": 1
}
--- prometheus /p
# Angie Prometheus template "t"
# TYPE z_total counter
z_total{key="/u/c‧ "} 1
z_total{key="f{k=\"/u/c‧ \"}"} 1
z_total{key="/u/a�"} 2
z_total{key="/u/b�������"} 1
z_total{key="f{k=\"/u/a�\"}"} 2
z_total{key="f{k=\"/u/b�������\"}"} 1
# TYPE _u_a_ counter
_u_a_ 1
# TYPE _u_b_______ counter
_u_b_______ 1
# TYPE _u_c___ counter
_u_c___ 1
# TYPE f counter
f{k="/u/a�"} 2
f{k="/u/b�������"} 1
f{k="/u/c‧ "} 1
# skipped 1
one{key="/u/a�"} 1
one{key="f{k=\"/u/a�\"}"} 1
one{key="/u/b�������"} 1
one{key="f{k=\"/u/b�������\"}"} 1
one{key="/u/c‧ "} 1
one{key="f{k=\"/u/c‧ \"}"} 1

=== zones counted by keys show each name once
--- http_config
--- config
location /u/ { status_zone $uri zone=z:9; return 204; }
--- requests
GET /u/a%ff 204
GET /u/a%fe 204
--- json_like /status/http/location_zones/
{"/u/a\ufffd": {"requests": {"total": 2}}}

=== units are told where names end in one
--- http_config
metric_zone wait_seconds:64k gauge;
metric_zone sent_bytes_total:64k count;
metric_zone seconds:64k gauge;
prometheus_template t { metric_zone wait_seconds help=W; metric_zone sent_bytes_total help=S; metric_zone seconds help=N; }
--- config
location /u { metric wait_seconds k=1 on=request; metric sent_bytes_total k on=request; metric seconds k=1 on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u 204
GET /p 200
    Accept: application/openmetrics-text
--- response_body
# HELP wait_seconds W
# TYPE wait_seconds gauge
# UNIT wait_seconds seconds
wait_seconds{key="k"} 1
# HELP sent_bytes S
# TYPE sent_bytes counter
# UNIT sent_bytes bytes
sent_bytes_total{key="k"} 1
# HELP seconds N
# TYPE seconds gauge
seconds{key="k"} 1
# EOF

=== what contradicts itself
--- http_config
metric_zone a:64k histogram 1;
prometheus_template t {
    metric_zone a keys=families as=b;
    metric_zone * as=b;
    metric_zone a label=x labels=~(?<y>.);
    metric_zone a keys=families label=x;
    metric_zone a labels=(?<y>.);
    metric_zone a labels=~(.);
    metric_zone a labels=~(;
    metric_zone a label=le;
    metric_zone a label=9;
    metric_zone a as=b-c;
    metric_zone a labels=~(?<le>.);
    metric_zone a help=;
}
--- config
--- error
pingauge: [emerg] "as=" would give many families one name in http_config:3
   3 |     metric_zone a keys=families as=b;
     |                                    ^
     help: prefix=TEXT goes with many
     also: line 4
pingauge: [emerg] keys are either one label or several in http_config:5
   5 |     metric_zone a label=x labels=~(?<y>.);
     |                                  ^^^^^^^^
     help: give label=NAME or labels=~REGEX
pingauge: [emerg] keys that are families have the labels they bring in http_config:6
   6 |     metric_zone a keys=families label=x;
     |                                       ^
     help: leave out keys=families or this
pingauge: [emerg] "(?<y>.)" is not a pattern in http_config:7
   7 |     metric_zone a labels=(?<y>.);
     |                          ^^^^^^^
     help: expected labels=~REGEX
pingauge: [emerg] the pattern names no label in http_config:8
   8 |     metric_zone a labels=~(.);
     |                          ^^^^
     help: each named group is a label: (?<method>\S+) (?<code>\d+)
pingauge: [emerg] invalid regular expression "(": Parsing error at position 1: Opening parenthesis without closing parenthesis in http_config:9
   9 |     metric_zone a labels=~(;
     |                          ^^
pingauge: [emerg] the buckets of zone "a" have the label "le" in http_config:10
  10 |     metric_zone a label=le;
     |                 ^
     help: give the label of keys another name
     also: line 13
pingauge: [emerg] "9" is no name of a label in http_config:11
  11 |     metric_zone a label=9;
     |                         ^
     help: letters, digits and "_", no digit first
pingauge: [emerg] "b-c" cannot be part of a metric name in http_config:12
  12 |     metric_zone a as=b-c;
     |                      ^^^
     help: letters, digits, "_" and ":", no digit first
pingauge: [emerg] empty help in http_config:14
  14 |     metric_zone a help=;
     |                        ^
     help: leave it out, or write a text

=== zones that are too large for a page
--- http_config
metric_zone a:64k count;
metric_zone b:64k gauge;
prometheus_template t { metric_zone * max_keys=2; b_keys $p8s_value path=/http/metric_zones/b/metrics/; }
--- config
location /u { metric a $arg_k on=request; metric b x=1 on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=x 204
GET /u?k=y 204
--- prometheus /p
# Angie Prometheus template "t"
# HELP a_total Metric zone "a": The number of samples; their values do not matter.
# TYPE a_total counter
a_total{key="x"} 1
a_total{key="y"} 1
# HELP b Metric zone "b": The sum of all values; a negative value makes it smaller.
# TYPE b gauge
b{key="x"} 2
b_keys 1
--- requests
GET /u?k=z 204
--- prometheus /p
# Angie Prometheus template "t"
# skipped 3
# HELP b Metric zone "b": The sum of all values; a negative value makes it smaller.
# TYPE b gauge
b{key="x"} 3
b_keys 1
--- log
template "t": 3 keys are too many, make no name, or repeat one

=== a number that is none
--- http_config
metric_zone a:64k count;
prometheus_template t { metric_zone a max_keys=many; }
--- config
--- error
pingauge: [emerg] "many" is no number of keys in http_config:2
   2 | prometheus_template t { metric_zone a max_keys=many; }
     |                                                ^^^^

=== a name that a histogram needs is taken
--- http_config
metric_zone lat:64k histogram 1;
prometheus_template t { lat_count $p8s_value path=/http/metric_zones/lat/metrics/ type=gauge help=A; metric_zone lat help=B; }
--- config
--- warn
pingauge: [warn] metric "lat_count" is neither histogram nor summary and should not end in "_count" in http_config:2
   2 | prometheus_template t { lat_count $p8s_value path=/http/metric_zones/lat/metrics/ type=gauge help=A; met
     |                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [warn] "lat" never gets a value: the page has that name already in http_config:2
   2 |  $p8s_value path=/http/metric_zones/lat/metrics/ type=gauge help=A; metric_zone lat help=B; }
     |                                                                                 ^^^
     help: prefix=TEXT or as=NAME give another name
pingauge: metric zone "lat": OpenMetrics pages leave out _sum and _count of a key whose sum is below 0, for it would be a counter that falls; with a limit below 0 they have all of them

=== a counter that would take a histogram's name is none for OpenMetrics
--- http_config
metric_zone lat:64k histogram 1;
prometheus_template t {
    lat_count_total $p8s_value path=/http/metric_zones/lat/metrics/ type=counter;
    orders_total $p8s_value path=/http/metric_zones/lat/discarded type=counter;
    orders_created_total $p8s_value path=/angie/generation type=counter;
    metric_zone lat;
}
--- config
location /u { metric lat k=1 on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u 204
GET /p 200
    Accept: application/openmetrics-text
--- response_body
# TYPE lat_count_total unknown
lat_count_total 1
# TYPE orders counter
orders_total 0
# TYPE orders_created_total unknown
orders_created_total 1
# TYPE lat histogram
lat_bucket{key="k",le="1.0"} 1
lat_bucket{key="k",le="+Inf"} 1
lat_sum{key="k"} 1
lat_count{key="k"} 1
# EOF

=== labels that are the same however they are written
--- http_config
prometheus_template t {
    'm{a="x"}' $p8s_value path=/angie/generation;
    'm{ a="x" }' $p8s_value path=/http/;
    n $p8s_value path=/connections/accepted;
    'n{}' $p8s_value path=/connections/dropped;
}
--- config
location /p { prometheus t; }
--- requests
GET /p ~ ^# Angie Prometheus template "t"\nm\{a="x"\} 1\nn \d+\n$

=== limits of a histogram are numbers, whatever keys are called
--- http_config
metric_zone h:64k histogram 1 +Inf;
prometheus_template t { 'h{key="$1",le="$2"}' $p8s_value path=~^/http/metric_zones/h/metrics/([^/]+)/(.+)$ type=histogram; }
--- config
location /u { metric h $arg_k=1 on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=a 204
GET /u?k=a/b 204
--- prometheus /p
# Angie Prometheus template "t"
# TYPE h histogram
h{key="a",le="1"} 1
h{key="a",le="+Inf"} 1
--- json_like /status/angie/self/scrapes/t
{"refused": 3}
