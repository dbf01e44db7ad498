# histogram: cumulative buckets, limits inclusive, names and order as configured.

=== cumulative and inclusive
--- http_config
metric_zone z:64k histogram 0.5 1 5;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=0.5 = 1 1 1
GET /z?v=0.50001 = 1 2 2
GET /z?v=5 = 1 2 3
GET /z?v=-1 = 2 3 4
GET /z?v= = 3 4 5

=== a value above all limits only makes the key; Prometheus counts it in the totals
--- http_config
metric_zone z:64k histogram 1 2;
metric_complex_zone c:64k { n count; h histogram 2 1; }
prometheus_template p { metric_zone z help=H; metric_zone c help=H; }
--- config
location /z { metric z k=$arg_v on=request; metric c k=$arg_v on=request; return 204; }
location = /p { prometheus p; }
--- requests
GET /z?v=99 204
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"k": {"1": 0, "2": 0}}}
--- requests
GET /z?v=1.5 204
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"k": {"1": 0, "2": 1}}}
--- prometheus /p
# Angie Prometheus template "p"
# HELP z H
# TYPE z histogram
z_bucket{key="k",le="1"} 0
z_bucket{key="k",le="2"} 1
z_bucket{key="k",le="+Inf"} 2
z_sum{key="k"} 100.5
z_count{key="k"} 2
# HELP c_n_total H
# TYPE c_n_total counter
c_n_total{key="k"} 2
# HELP c_h H
# TYPE c_h histogram
c_h_bucket{key="k",le="1"} 0
c_h_bucket{key="k",le="2"} 1
c_h_bucket{key="k",le="+Inf"} 2
c_h_sum{key="k"} 100.5
c_h_count{key="k"} 2

=== any order, names as written
--- http_config
metric_zone z:64k histogram 5 +Inf 1 0x10 1e3 -2.50;
--- config
location /z { metric z k=$arg_v on=request; return 204; }
location = /one { api /status/http/metric_zones/z/metrics/k; }
--- requests
GET /z?v=-3 204
GET /z?v=5 204
GET /z?v=16 204
GET /z?v=1e300 204
GET /one?pretty=off = {"5":2,"+Inf":4,"1":1,"0x10":3,"1e3":3,"-2.50":1}
--- json /status/http/metric_zones/z/metrics/k/1e3
3
--- json /status/http/metric_zones/z/metrics/k/+Inf
4

=== infinite limits
--- http_config
metric_zone z:64k histogram -inf inf;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=1e400 = 0 1
GET /z?v=-1e400 = 0 2

=== the same limits in another order keep their values over a reload, also those above them
--- http_config
metric_complex_zone z:64k { n count; h histogram 1 5 0x10; }
prometheus_template p { metric_zone z help=H; }
--- config
location /z { metric z k=$arg_v on=request; return 204; }
location = /p { prometheus p; }
--- requests
GET /z?v=3 204
GET /z?v=99 204
--- http_config
metric_complex_zone z:64k { n count; h histogram 16 1.0 5; }
prometheus_template p { metric_zone z help=H; }
--- reload
--- requests
GET /z?v=0 204
--- json /status/http/metric_zones/z/metrics/
{"k": {"n": 3, "h": {"16": 2, "1.0": 1, "5": 2}}}
--- prometheus /p
# Angie Prometheus template "p"
# HELP z_n_total H
# TYPE z_n_total counter
z_n_total{key="k"} 3
# HELP z_h H
# TYPE z_h histogram
z_h_bucket{key="k",le="1"} 1
z_h_bucket{key="k",le="5"} 2
z_h_bucket{key="k",le="16"} 2
z_h_bucket{key="k",le="+Inf"} 3
z_h_sum{key="k"} 102
z_h_count{key="k"} 3
