# The first example of the seed document and the short ones of its directive descriptions, as printed there.

=== counting API requests by user agent
--- main_config
http {
metric_zone api_requests:1m count;
server {
listen 80;
location /api/ {
allow 127.0.0.1;
deny all;
api /status/;
metric api_requests $http_user_agent on=request;
}
}
}
--- requests
GET /api/
    User-Agent: Firefox
--- json_like
{
    "http": {
        "metric_zones": {
            "api_requests": {
                "discarded": 0,
                "metrics": {
                    "Firefox": 1
                }
            }
        }
    }
}

=== metric_zone request_time
--- http_config
metric_zone request_time:1m max;
--- config
location / { metric request_time $arg_k=$arg_v; return 204; }
--- requests
GET /?k=key1&v=123 204
GET /?k=key2&v=10.5 204
GET /?k=key2&v=3 204
--- json /status/http/metric_zones/request_time
{
"discarded": 0,
"metrics": {
"key1": 123,
"key2": 10.5
}
}

=== metric_complex_zone with a comment in its block
--- http_config
metric_complex_zone requests:1m expire=on discard_key="old" {
# nome submétrica modo parâmetros
min_time min;
avg_time average exp factor=60;
max_time max;
total count;
}
--- config
location / { metric requests $arg_k=$arg_v; return 204; }
--- requests
GET /?k=key1&v=20 204
GET /?k=key1&v=80 204
--- json /status/http/metric_zones/requests
{
"discarded": 0,
"metrics": {
"key1": {
"min_time": 20,
"avg_time": 56,
"max_time": 80,
"total": 2
}
}
}

=== metric with a variable on either side
--- http_config
metric_zone requests:1m histogram 0 60 inf;
--- config
location / {
metric requests $http_user_agent=$request_time;
return 204;
}
--- requests
GET / 204
    User-Agent: Firefox
--- json_like /status/http/metric_zones/requests/metrics
{"Firefox": {"60": 1, "inf": 1}}

=== an omitted value is zero
--- http_config
metric_zone foo:1m gauge;
--- config
location / {
set $bar $arg_bar;
metric foo $bar; # Equivalente a $bar=0
return 204;
}
--- requests
GET /?bar=k 204 x3
--- json /status/http/metric_zones/foo/metrics
{"k": 0}
