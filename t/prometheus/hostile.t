# Keys come from clients: whatever they send, the page must stay readable for Prometheus.

=== quotes, backslashes and line feeds in labels
--- http_config
metric_zone z:64k count;
prometheus_template t { 'm{key="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(?s:(.+))$ 'help=a \\ and a "quote"'; }
--- config
location /z { set $metric_z $http_x_key; return 204; }
location /line { set $metric_z "two\nlines"; return 204; }
location /p { prometheus t; }
--- requests
GET /z 204
    X-Key: q"u\o
--- prometheus /p
# Angie Prometheus template "t"
# HELP m a \\ and a "quote"
m{key="q\"u\\o"} 1
--- requests
GET /line 204
GET /p ~ ^m\{key="two\\nlines"\} 1$

=== labels that try to close the label set
--- http_config
metric_zone z:64k count;
prometheus_template t { 'm{key="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$; }
--- config
location /z { metric z $http_x_key on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z 204
    X-Key: "} 1 fake{a="
--- prometheus /p
# Angie Prometheus template "t"
m{key="\"} 1 fake{a=\""} 1

=== bytes that are no UTF-8
--- http_config
metric_zone z:64k count;
prometheus_template t { 'm{key="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$; }
--- config
location /z { metric z $arg_k on=request; return 204; }
location /p { prometheus t; }
--- raw_request
GET /z?k=a\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
204
--- prometheus /p
# Angie Prometheus template "t"
m{key="a��"} 1

=== a value from the client is a number or no line
--- http_config
prometheus_template t { m $arg_v; n $arg_w; }
--- config
location /p { prometheus t; }
--- prometheus /p?v=12.5&w=evil
# Angie Prometheus template "t"
m 12.5
