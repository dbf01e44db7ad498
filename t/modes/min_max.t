# min and max: the smallest and largest value so far; unset until the first one, never a sentinel.

=== smallest and largest
--- http_config
metric_complex_zone z:64k { lo min; hi max; }
--- config
location /z { set $metric_z k=$arg_v; return 200 "$metric_z_value_lo $metric_z_value_hi"; }
--- requests
GET /z?v=42.999 = 42.999 42.999
GET /z?v=-512 = -512 42.999
GET /z?v=1 = -512 42.999
GET /z?v= = -512 42.999
GET /z?v=100 = -512 100

=== negative values only
--- http_config
metric_zone z:64k max;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=-5 = -5
GET /z?v=-2.5 = -2.5
GET /z?v=-7 = -2.5

=== positive values only
--- http_config
metric_zone z:64k min;
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=5 = 5
GET /z?v=7 = 5

=== hostile first values leave no sentinel
--- http_config
metric_complex_zone z:64k { lo min; hi max; }
--- config
location /z { set $metric_z $arg_v=$arg_v; return 200 "$metric_z_value"; }
--- requests
GET /z?v=nan = 1, 1
GET /z?v=-inf = 1, 1
