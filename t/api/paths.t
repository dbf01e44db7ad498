# api: how a URI becomes a path of the tree.

=== locations of every kind
--- http_config
metric_zone z:64k last;
--- config
location /z { metric z k1=5 on=request; return 204; }
location /api/ { api /status/http/metric_zones/; }
location /noslash/ { api /status/http/metric_zones; }
location /bare/ { api status/http; }
location /whole/ { api /; }
location /empty/ { api ""; }
location ^~ /strong/ { api /status/http/metric_zones/z; }
location = /exact { api /status/http/metric_zones/z/metrics/; }
location ~ ^/re/(\w+) { api /status/http/metric_zones/$1; }
--- requests
GET /z 204
--- json /api/z
{"discarded": 0, "metrics": {"k1": 5}}
--- json /noslash/z/metrics
{"k1": 5}
--- json /bare/metric_zones/z/metrics
{"k1": 5}
--- json /whole/status/http/metric_zones/z/metrics
{"k1": 5}
--- json /empty/status/http/metric_zones/z/metrics
{"k1": 5}
--- json /strong/metrics/k1
5
--- json /exact
{"k1": 5}
--- json /re/z/anything/at/all
{"discarded": 0, "metrics": {"k1": 5}}
--- json /whole/
{"status": "<any>", "certificates": {}}

=== slashes, dots and escapes
--- http_config
metric_zone z:64k last;
--- config
location /z { metric z k1=5 on=request; return 204; }
location /api/ { api /status/http/metric_zones/; }
--- requests
GET /z 204
--- json /api//z///metrics//
{"k1": 5}
--- json /api/z/metrics/k%31
5
--- json /api/x/../z/./metrics/k1
5
--- json /api/z/metrics/K1 404
{"error": "PathNotFound", "description": "<string>"}

=== a key with slashes is addressed with %2F
--- http_config
metric_zone z:64k last;
metric_zone "a/b:64k" count;
--- config
location /z { metric z a/b=5 on=request; metric a/b k on=request; return 204; }
location /api/ { api /status/http/metric_zones/; }
--- requests
GET /z 204
--- json /api/z/metrics/a%2Fb
5
--- json /api/z/metrics/a%2fb
5
--- json /api/a%2Fb/metrics/k
1
--- json /api/z/metrics/a/b 404
{"error": "PathNotFound", "description": "<string>"}

=== the prefix without its slash is redirected
--- config
location /api/ { api /status/; }
--- requests
GET /api 301
--- response_headers
Location: ~/api/$
Content-Type: text/html
--- requests
POST /api 301

=== not inherited by nested locations
--- http_config
metric_zone z:64k last;
--- config
location /api/ {
    api /status/http/;
    location /api/inner/ { }
}
--- json /api/metric_zones/z/discarded
0
--- requests
GET /api/inner/metric_zones 404
--- response_headers
Content-Type: text/html

=== an if that matched keeps the handler
# The peer's worker crashed on this.
--- http_config
metric_zone z:64k last;
prometheus_template t { m $p8s_value path=/http/metric_zones/z/discarded; }
--- config
location /api/ { if ($arg_x) { set $y 1; } api /status/http/; }
location /p { if ($arg_x) { set $y 1; } prometheus t; }
--- json /api/metric_zones/z/discarded?x=1
0
--- requests
GET /p?x=1 = # Angie Prometheus template "t"\nm 0\n

=== variables in the path
--- http_config
metric_zone z:64k last;
--- config
location = /zone { api /status/http/metric_zones/$arg_zone/discarded; }
--- json /zone?zone=z
0
--- json /zone?zone=none 404
{"error": "PathNotFound", "description": "Requested API entity \"/status/http/metric_zones/none/discarded\" doesn't exist."}

=== what variables bring into the path is not decoded once more
--- http_config
metric_zone z:64k last;
--- config
location /z { metric z $http_k=5 on=request; return 204; }
location ~ ^/captured/(.+)$ { api /status/http/metric_zones/z/metrics/$1; }
location = /argument { api /status/http/metric_zones/z/metrics/$arg_k; }
--- requests
GET /z 204
    K: 100%25
GET /captured/100%2525 = 5\r\n
GET /captured/100%25 404
GET /argument?k=100%25 = 5\r\n

=== other methods refused by limit_except are those of the API
--- config
location /api/ { limit_except GET POST { deny 127.0.0.2; } api /status/angie/; }
location /p { limit_except GET { deny 127.0.0.2; } prometheus t; }
--- http_config
prometheus_template t { }
--- json /api/generation
1
--- requests
POST /api/generation 405 ~ MethodNotAllowed
DELETE /api/generation 405 ~ MethodNotAllowed
POST /p 405

=== of several sources of content the last one counts
--- http_config
prometheus_template t { }
prometheus_template u { }
--- origin o
* * 200
    | proxied
--- config
location /1/ { api /status/angie/generation; proxy_pass http://$ORIGIN_o; }
location /2/ { proxy_pass http://$ORIGIN_o; api /status/angie/generation; }
location /3/ { api /status/angie/generation; prometheus t; }
location /4/ { prometheus t; api /status/angie/generation; }
location /5/ { prometheus t; prometheus u; }
location /6/ { api /status/angie/generation; if ($arg_x) { proxy_pass http://$ORIGIN_o; } }
location /7/ { proxy_pass http://$ORIGIN_o; location /7/in/ { api /status/angie/generation; } }
--- requests
GET /1/ = proxied
GET /2/ = 1\r\n
GET /3/ = # Angie Prometheus template "t"\n
GET /4/ = 1\r\n
GET /5/ = # Angie Prometheus template "u"\n
GET /6/ = 1\r\n
GET /6/?x=1 = proxied
GET /7/ = proxied
GET /7/in/ = 1\r\n

=== a rewritten path is appended
--- http_config
metric_zone z:64k last;
--- config
location /short/ { rewrite ^/short/(.*)$ /long/$1 break; api /status/http; }
location /same/ { rewrite ^/same/x/(.*)$ /same/metric_zones/$1 break; api /status/http; }
--- json /short/z 404
{"error": "PathNotFound", "description": "Requested API entity \"/status/http/long/z\" doesn't exist."}
--- json /same/x/z/discarded
0

=== a listing of a very large zone is whole and valid
--- http_config
metric_zone z:2m histogram 1 2 3 4 5 6 7 8;
--- config
location /z { metric z $arg_k=$arg_v on=request; return 204; }
--- requests
GET /z?k=<<#30>>&v=4.5 204 x4000
--- json_like /status/http/metric_zones/z
{"discarded": 0, "metrics": {"<<0*30>>": {"4": 0, "5": 1}, "<<0*26>>3999": {"8": 1}}}
