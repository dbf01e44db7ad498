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

=== a value above all limits only makes the key
--- http_config
metric_zone z:64k histogram 1 2;
--- config
location /z { metric z k=$arg_v on=request; return 204; }
--- requests
GET /z?v=99 204
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"k": {"1": 0, "2": 0}}}

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
