# gauge: the sum of all values, signed; what is no number adds one.

=== a running sum
--- http_config
metric_zone z:64k gauge;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v= = 0
GET /z?v=5 = 5
GET /z?v=-7.5 = -2.5
GET /z?v=word = -1.5
GET /z?v=1.5 = 0

=== doubles, not decimals
--- http_config
metric_zone z:64k gauge;
--- config
location /z { set $metric_z $arg_k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?k=a&v=0.1 = 0.1
GET /z?k=a&v=0.2 = 0.30000000000000004
GET /z?k=b&v=1e16 = 10000000000000000
GET /z?k=b&v=1 = 10000000000000000

=== stays finite
# The peer stored infinity here and never came back from it.
--- http_config
metric_zone z:64k gauge;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=1e400
GET /z?v=1e400
GET /z?v=-1e400
GET /z?v=-1e400
--- json /status/http/metric_zones/z/metrics/k
"<number>"

=== up in one phase, down in another
--- http_config
metric_zone z:64k gauge;
--- config
location /q { metric z busy=1 on=request; metric z busy=-1 on=end; return 200 $metric_z_value; }
--- requests
GET /q x3
--- json /status/http/metric_zones/z/metrics
{"busy": 0}
