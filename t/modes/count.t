# count: every update adds one, whatever the value says.

=== the value is ignored
--- http_config
metric_zone z:64k count;
--- config
location /z { metric z $arg_k=$arg_v on=request; return 204; }
--- requests
GET /z?k=a&v= 204
GET /z?k=a&v=0 204
GET /z?k=a&v=-7 204
GET /z?k=a&v=1e9 204
GET /z?k=a&v=words 204
GET /z?k=a&v=nan 204
GET /z?k=b 204
--- json /status/http/metric_zones/z/metrics
{"a": 6, "b": 1}

=== a bare key counts
--- http_config
metric_zone hits:128k count;
--- config
location /a { metric hits $arg_k; return 204; }
--- requests
GET /a?k=x 204
GET /a?k=x 204
--- json /status/http/metric_zones/hits/metrics/
{"x": 2}
