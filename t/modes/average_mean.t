# average mean: the mean of the last values, by number and, with a window, by age.

=== ten values by default
--- http_config
metric_zone z:64k average mean;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=<<#1+1>> x9
GET /z?v=10 = 5.5
GET /z?v=11 = 6.5
GET /z?v=12 = 7.5

=== three values
--- http_config
metric_zone z:64k average mean count=3;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=1 = 1
GET /z?v=2 = 1.5
GET /z?v=3 = 2
GET /z?v=7 = 4
GET /z?v= ~ ^3\.33333333333333\d+$

=== one value is the last one
--- http_config
metric_zone z:64k average mean count=1;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=10 = 10
GET /z?v=-4 = -4

=== a window forgets by age
--- http_config
metric_zone z:64k average mean window=1s count=3;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=1 = 1
GET /z?v=2 = 1.5
GET /z?v=3 = 2
GET /z?v=4 = 3
--- wait 1.1
--- json /status/http/metric_zones/z/metrics
{"k": 0}
--- requests
GET /z?v=10 = 10
GET /z?v= = 5

=== a window in a complex zone, seen by JSON and Prometheus alike
--- http_config
metric_complex_zone z:64k { m average mean window=300ms; n count; }
prometheus_template t { m $p8s_value path=~/m$; n $p8s_value path=~/n$; }
--- config
location /z { set $metric_z k=$arg_v; return 204; }
location /p { prometheus t; }
--- requests
GET /z?v=6 204
--- wait 0.4
--- json /status/http/metric_zones/z/metrics/k
{"m": 0, "n": 1}
--- prometheus /p
# Angie Prometheus template "t"
m 0
n 1
