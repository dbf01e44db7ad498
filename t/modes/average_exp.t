# average exp: exponential smoothing; the visible digits depend on the exact formula.

=== the default factor is 90
--- http_config
metric_zone z:64k average exp;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=100 = 100
GET /z?v=200 = 190
GET /z?v=0 = 19
GET /z?v=8 = 9.1
GET /z?v=30 = 27.909999999999997

=== factor 99 nearly follows
--- http_config
metric_zone z:64k average exp factor=99;
--- config
location /z { set $metric_z $arg_k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?k=a&v=100 = 100
GET /z?k=a&v=200 = 199
GET /z?k=a&v=0 = 1.990000000000009
GET /z?k=b&v=1 = 1
GET /z?k=b&v=0 = 0.010000000000000009

=== factor 0 keeps the first value
--- http_config
metric_zone z:64k average exp factor=0;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=100 = 100
GET /z?v=200 = 100
GET /z?v=-1 = 100

=== the last factor counts, and quotes around the mode are fine
--- http_config
metric_zone a:64k average exp factor=1 factor=50;
metric_zone b:64k "average exp" factor=50;
--- config
location /a { set $metric_a k=$arg_v; return 200 $metric_a_value; }
location /b { set $metric_b k=$arg_v; return 200 $metric_b_value; }
--- requests
GET /a?v=0 = 0
GET /a?v=8 = 4
GET /b?v=0 = 0
GET /b?v=8 = 4

=== a first value of zero is a value
--- http_config
metric_zone z:64k average exp factor=50;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=0 = 0
GET /z?v=10 = 5
