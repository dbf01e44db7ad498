# metric_complex_zone: several submetrics of one key, in configured order, fed together.

=== all modes, order as configured
--- http_config
metric_complex_zone z:64k { b count; a gauge; h histogram 1 2 3; m average mean; e average exp; lo min; hi max; l last; }
--- config
location /z { metric z k=$arg_v on=request; return 204; }
location = /k { api /status/http/metric_zones/z/metrics/k; }
--- requests
GET /z?v=1 204
GET /z?v=2 204
GET /k?pretty=off = {"b":2,"a":3,"h":{"1":1,"2":2,"3":2},"m":1.5,"e":1.9,"lo":1,"hi":2,"l":2}
--- json /status/http/metric_zones/z/metrics/k/h/2
2
--- json /status/http/metric_zones/z/metrics/k/e/
1.9
--- json /status/http/metric_zones/z/metrics/k/none 404
{"error": "PathNotFound", "description": "Requested API entity \"/status/http/metric_zones/z/metrics/k/none\" doesn't exist."}

=== names may be any token
--- http_config
metric_complex_zone z:64k { "a b" count; "c.d" last; é gauge; x count; }
--- config
location /z { metric z k=2 on=request; return 204; }
--- requests
GET /z 204
--- json /status/http/metric_zones/z/metrics
{"k": {"a b": 1, "c.d": 2, "é": 2, "x": 1}}

=== include works inside the block
--- file more
g gauge;
h histogram 1;
--- http_config
metric_complex_zone z:64k { c count; include $DIR/more; }
--- config
location /z { metric z k=2 on=request; return 204; }
--- requests
GET /z 204
--- json /status/http/metric_zones/z/metrics
{"k": {"c": 1, "g": 2, "h": {"1": 0}}}

=== a comment and options
--- http_config
metric_complex_zone z:64k discard_key=other expire=on {
    # how many
    n count; # per key
}
--- ok
