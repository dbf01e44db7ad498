# last: the newest value; the table of how text becomes a number and how numbers are printed.

=== the newest value
--- http_config
metric_zone z:64k last;
--- config
location /z { metric z k=$arg_v on=request; return 204; }
location /bare { metric z k on=request; return 204; }
--- requests
GET /z?v=8000 204
GET /z?v=-3.5 204
--- json /status/http/metric_zones/z/metrics
{"k": -3.5}
--- requests
GET /bare 204
--- json /status/http/metric_zones/z/metrics
{"k": 0}

=== text to number
--- http_config
metric_zone z:64k last;
--- config
location /v { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /v?v= = 0
GET /v?v=5 = 5
GET /v?v=+5 = 5
GET /v?v=007 = 7
GET /v?v=5. = 5
GET /v?v=-3.5 = -3.5
GET /v?v=.5 = 0.5
GET /v?v=-.5 = -0.5
GET /v?v=1.10 = 1.1
GET /v?v=1e3 = 1000
GET /v?v=1E-3 = 0.001
GET /v?v=1e = 1
GET /v?v=2e+ = 2
GET /v?v=-0 = 0
GET /v?v=abc = 1
GET /v?v=- = 1
GET /v?v=+ = 1
GET /v?v=. = 1
GET /v?v=-. = 1
GET /v?v=e5 = 1
GET /v?v=--5 = 1
GET /v?v=true = 1
GET /v?v=12abc = 12
GET /v?v=abc12 = 1
GET /v?v=1-2 = 1
GET /v?v=3,5 = 3
GET /v?v=4_000 = 4
GET /v?v=0.001,0.002 = 0.001
GET /v?v=9007199254740993 = 9007199254740992
GET /v?v=5e-324 = 5e-324
GET /v?v=1e-400 = 0

=== blanks around a number
--- http_config
metric_zone z:64k last;
--- config
location /blank { set $metric_z "k= "; return 200 $metric_z_value; }
location /before { set $metric_z "k= 5"; return 200 $metric_z_value; }
location /after { set $metric_z "k=6 "; return 200 $metric_z_value; }
--- requests
GET /blank = 1
GET /before = 5
GET /after = 6

=== text that C would read as a number is none
# `info` is infinity and `nancy` not-a-number to C; a client must not be able to store either.
--- http_config
metric_zone z:64k last;
--- config
location /v { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /v?v=inf = 1
GET /v?v=-inf = 1
GET /v?v=info = 1
GET /v?v=Infinity = 1
GET /v?v=nan = 1
GET /v?v=nancy = 1
GET /v?v=1e400 = 1.7976931348623157e+308
GET /v?v=-1e400 = -1.7976931348623157e+308

=== only the first 255 bytes of a value are read
--- http_config
metric_zone z:64k last;
--- config
location /v { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /v?v=1<<0*300>> = 1e+254

=== numbers as text
--- http_config
metric_zone z:64k last;
--- config
location /v { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /v?v=1000000 = 1000000
GET /v?v=1e20 = 100000000000000000000
GET /v?v=1e21 = 1e+21
GET /v?v=123456789012345678901 = 123456789012345680000
GET /v?v=123456789012345678901234567890 = 1.2345678901234568e+29
GET /v?v=0.000001 = 0.000001
GET /v?v=0.0000001 = 1e-7
GET /v?v=-0.5e-8 = -5e-9
GET /v?v=0.30000000000000004 = 0.30000000000000004

=== the same numbers in JSON
--- http_config
metric_zone z:64k last;
--- config
location = /v { metric z $arg_k=$arg_v on=request; api /status/http/metric_zones/z/metrics; }
--- requests
GET /v?pretty=off&k=a&v=1e21 = {"a":1e+21}
GET /v?pretty=off&k=a&v=0.0000001 = {"a":1e-7}
GET /v?pretty=off&k=a&v=-0 = {"a":0}
