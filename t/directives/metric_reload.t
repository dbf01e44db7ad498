# Reload and metrics: what is found again by name, mode and parameters keeps its values; sizes migrate.

=== an unchanged zone keeps its values
--- http_config
metric_zone z:64k count;
--- config
location /z { metric z $arg_k on=request; return 204; }
--- requests
GET /z?k=a 204
--- reload
--- requests
GET /z?k=a 204
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"a": 2}}
--- json /status/angie/generation
2

=== another mode starts empty and says why
--- http_config
metric_zone z:64k count;
--- config
location /z { metric z k=$arg_v on=request; return 204; }
--- requests
GET /z?v=5 204
--- http_config
metric_zone z:64k gauge;
--- reload
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {}}
--- log
\[info\].*"?z"?
--- requests
GET /z?v=5 204
--- json /status/http/metric_zones/z/metrics
{"k": 5}

=== growing and shrinking migrate
--- http_config
metric_zone z:64k count;
--- config
location /z { metric z $arg_k on=request; return 204; }
--- requests
GET /z?k=a 204
GET /z?k=b 204 x3
--- http_config
metric_zone z:1m count;
--- reload
--- requests
GET /z?k=a 204
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"a": 2, "b": 3}}
--- http_config
metric_zone z:32k count;
--- reload
--- requests
GET /z?k=a 204
--- json /status/http/metric_zones/z
{"discarded": 0, "metrics": {"a": 3, "b": 3}}

=== shrinking lets the least recent go
--- http_config
metric_zone z:512k count;
--- config
location /z { metric z $arg_k on=request; return 204; }
--- requests
GET /z?k=<<#8>> 204 x2000
--- json /status/http/metric_zones/z/discarded
0
--- http_config
metric_zone z:32k count;
--- reload
--- json /status/http/metric_zones/z/metrics/00000000 404
{"error": "PathNotFound", "description": "<string>"}
--- json /status/http/metric_zones/z/metrics/00001999
1

=== parameters that only steer take effect at once
--- http_config
metric_complex_zone z:64k { e average exp factor=10; m average mean window=10s count=4; }
--- config
location /z { set $metric_z k=$arg_v; return 200 $metric_z_value; }
--- requests
GET /z?v=4 = 4, 4
--- http_config
metric_complex_zone z:64k { e average exp factor=50; m average mean window=90s count=4; }
--- reload
--- requests
GET /z?v=8 = 6, 6

=== a larger window invents no zeros
# The peer counted slots that were never written as zeros once the window grew.
--- http_config
metric_zone z:64k average mean window=1s;
--- config
location /z { metric z k=5 on=request; return 204; }
--- requests
GET /z 204
--- http_config
metric_zone z:64k average mean window=1h;
--- reload
--- json /status/http/metric_zones/z/metrics
{"k": 5}

=== other bucket limits start afresh
--- http_config
metric_zone z:64k histogram 1 2;
--- config
location /z { metric z k=1 on=request; return 204; }
--- requests
GET /z 204
--- http_config
metric_zone z:64k histogram 5 6;
--- reload
--- json /status/http/metric_zones/z/metrics
{}

=== submetrics are found again by name, wherever they stand
--- http_config
metric_complex_zone z:64k { a count; b gauge; c last; }
--- config
location /z { metric z k=5 on=request; return 204; }
--- requests
GET /z 204
--- http_config
metric_complex_zone z:64k { new count; b gauge; a count; }
--- reload
--- json /status/http/metric_zones/z/metrics/k
{"new": 0, "b": 5, "a": 1}
--- requests
GET /z 204
--- json /status/http/metric_zones/z/metrics/k
{"new": 1, "b": 10, "a": 2}

=== expire and discard_key take effect at once
--- http_config
metric_zone z:32k count;
--- config
location /z { metric z $arg_k on=request; return 204; }
--- requests
GET /z?k=<<#8>> 204 x2000
--- http_config
metric_zone z:32k discard_key=one count;
--- reload
--- requests
GET /z?k=x 204 x3
--- json /status/http/metric_zones/z/metrics/one
3
--- http_config
metric_zone z:32k discard_key=two count;
--- reload
--- requests
GET /z?k=x 204
--- json_like /status/http/metric_zones/z/metrics
{"two": "<number>"}
--- json /status/http/metric_zones/z/metrics/one 404
{"error": "PathNotFound", "description": "<string>"}
--- http_config
metric_zone z:32k expire=on count;
--- reload
--- requests
GET /z?k=newest 204
--- json /status/http/metric_zones/z/metrics/newest
1
--- json /status/http/metric_zones/z/metrics/two 404
{"error": "PathNotFound", "description": "<string>"}

=== a zone that went away comes back empty
--- http_config
metric_zone z:64k count; metric_zone y:64k count;
--- config
location /z { metric y $arg_k on=request; return 204; }
location = /zones { api /status/http/metric_zones; }
--- requests
GET /z?k=a 204
--- http_config
metric_zone z:64k count;
--- config
location = /zones { api /status/http/metric_zones; }
--- reload
--- json /zones
{"z": {"discarded": 0, "metrics": {}}}
--- http_config
metric_zone y:64k count; metric_zone z:64k count;
--- reload
--- requests
GET /zones?pretty=off = {"y":{"discarded":0,"metrics":{}},"z":{"discarded":0,"metrics":{}}}

=== a bad configuration changes nothing
--- http_config
metric_zone z:64k count;
--- config
location /z { metric z k on=request; return 204; }
--- requests
GET /z 204
--- http_config
metric_zone z:64k nonsense;
--- reload fails
\[emerg\].*nonsense.*http_config:1
--- requests
GET /z 204
--- json /status/http/metric_zones/z/metrics
{"k": 2}
--- json /status/angie/generation
1
--- http_config
metric_zone z:64k count;
--- reload
--- requests
GET /z 204
--- json /status/http/metric_zones/z/metrics
{"k": 3}
--- json /status/angie/generation
2

=== a bad configuration changes no zone that it declares well
--- http_config
metric_zone z:64k discard_key=old count;
metric_zone y:64k count;
--- config
location /z { metric z k on=request; metric y k on=request; return 204; }
--- requests
GET /z 204
--- http_config
metric_zone z:128k gauge;
metric_zone y:32k expire=on last;
--- config
location /z { metric z k on=request; metric y k on=request; return 204; }
location /z { return 204; }
--- reload fails
\[emerg\].*duplicate location
--- requests
GET /z 204
--- json /status/http/metric_zones
{"z": {"discarded": 0, "metrics": {"k": 2}}, "y": {"discarded": 0, "metrics": {"k": 2}}}
