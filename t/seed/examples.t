# The seed's additional examples: HTTP methods, upstream response times, active connections, Prometheus.

=== counting HTTP methods
--- http
metric_zone http_methods:1m count;
server {
listen 80;
location / {
metric http_methods $request_method;
}
location /metrics/ {
allow 127.0.0.1;
deny all;
api /status/http/metric_zones/http_methods/metrics/;
}
}
--- requests
GET /x any x65
POST /x any x20
PUT /x any x10
DELETE /x any x5
--- json /metrics/
{
"GET": 65,
"POST": 20,
"PUT": 10,
"DELETE": 5
}

=== distribution of upstream response times
--- origin backend
* /backend/slow 200 delay=0.15
* * 200
--- http
upstream backend { server $ORIGIN_backend; }
metric_zone upstream_time:10m expire=on histogram
0.05 0.1 0.3 0.5 1 2 5 10 inf;
server {
listen 80;
location /backend/ {
proxy_pass http://backend;
metric upstream_time $upstream_addr=$upstream_response_time on=end;
}
location /metrics/ {
allow 127.0.0.1;
deny all;
api /status/http/metric_zones/upstream_time/;
}
}
--- requests
GET /backend/slow
--- json_like /metrics/
{
"discarded": 0,
"metrics": {
"$ORIGIN_backend": {
"0.05": 0,
"0.1": 0,
"1": 1,
"2": 1,
"5": 1,
"10": 1,
"inf": 1
}
}
}
--- requests
GET /backend/fast x4
--- json_like /metrics/
{"discarded": 0, "metrics": {"$ORIGIN_backend": {"10": 5, "inf": 5}}}

=== active connections of two sites
--- http
metric_zone active_connections:2m gauge;
server {
listen 80;
server_name site1.com;
location / {
# Incrementamos ao conectar
metric active_connections site1=1 on=request;
# Decrementamos ao finalizar
metric active_connections site1=-1 on=end;
}
}
server {
listen 80;
server_name site2.com;
location / {
metric active_connections site2=1 on=request;
metric active_connections site2=-1 on=end;
}
}
server {
listen 8080;
location /connections/ {
allow 127.0.0.1;
deny all;
api /status/http/metric_zones/active_connections/metrics;
}
}
--- requests
GET / any x3
    Host: site1.com
GET / any
    Host: site2.com
--- wait :$PORT2/connections/
{
"site1": 0,
"site2": 0
}

=== active connections while a request is pending
# The seed's locations answer at once; a slow origin keeps one request open long enough to be seen.
--- origin slow
* * 200 delay=1
--- http
metric_zone active_connections:2m gauge;
server {
listen 80;
server_name site1.com;
location / {
# Incrementamos ao conectar
metric active_connections site1=1 on=request;
# Decrementamos ao finalizar
metric active_connections site1=-1 on=end;
proxy_pass http://$ORIGIN_slow;
}
}
server {
listen 8080;
location /connections/ {
allow 127.0.0.1;
deny all;
api /status/http/metric_zones/active_connections/metrics;
}
}
--- raw_request
GET / HTTP/1.1\r\nHost: site1.com\r\n\r\n
--- wait :$PORT2/connections/
{"site1": 1}
--- wait :$PORT2/connections/
{"site1": 0}

=== Prometheus
--- main_config
http {
# Criando a métrica "upload"
metric_complex_zone upload:1m discard_key="other" {
stats histogram 64 256 1024 4096 16384 +Inf;
sum gauge;
count count;
avg_size average exp;
}
# Descrevendo o template Prometheus para a métrica "upload"
prometheus_template upload_metric {
'stats{le="$1"}' $p8s_value
path=~^/http/metric_zones/upload/metrics/angie/stats/(.+)$
type=histogram;
'stats_sum' $p8s_value
path=/http/metric_zones/upload/metrics/angie/sum;
'stats_count' $p8s_value
path=/http/metric_zones/upload/metrics/angie/count;
'avg_size' $p8s_value
path=/http/metric_zones/upload/metrics/angie/avg_size;
}
server {
listen 80;
# Atualizando a métrica
location ~ ^/upload/(.*)$ {
api /status/http/metric_zones/upload/metrics/angie/;
metric upload angie=$1 on=request;
}
# Destino para coleta de métricas
location /prometheus/upload_metric/ {
prometheus upload_metric;
}
}
}
--- requests
GET /upload/16384
GET /upload/64448
GET /upload/64
GET /upload/1028
GET /upload/1028
--- json
{
"stats": {
"64": 1,
"256": 1,
"1024": 1,
"4096": 3,
"16384": 4,
"+Inf": 5
},
"sum": 82952,
"count": 5,
"avg_size": 1077.9376
}
--- prometheus /prometheus/upload_metric/
# Angie Prometheus template "upload_metric"
# TYPE stats histogram
stats{le="64"} 1
stats{le="256"} 1
stats{le="1024"} 1
stats{le="4096"} 3
stats{le="16384"} 4
stats{le="+Inf"} 5
stats_sum 82952
stats_count 5
avg_size 1077.9376

=== a metric fed from JavaScript: how long two fetches take together
--- file metrics.js
async function js_request(r) {
let start_time = Date.now();
let results = await Promise.all([ngx.fetch('https://127.0.0.1:$PORT2/com'),
ngx.fetch('https://127.0.0.1:$PORT2/ru')]);
// Usando a variável setter $metric_requests
r.variables.metric_requests = `google=${Date.now() - start_time}`;
}
export default {js_request};
--- http
js_import metrics.js;
resolver 127.0.0.53;
metric_complex_zone requests:1m {
min_time min;
max_time max;
total count;
}
server {
listen 80;
location /metric/ {
js_content metrics.js_request;
js_fetch_verify off;
}
location /api/ {
allow 127.0.0.1;
deny all;
api /status/http/metric_zones/requests/;
}
}
server {
listen 127.0.0.1:$PORT2 ssl;
ssl_certificate selfsigned:c.pem;
ssl_certificate_key selfsigned:k.pem;
return 200 "an origin";
}
--- requests
GET /metric/ 500 x3
--- json /api/
{
  "discarded": 0,
  "metrics": {
    "google": {
      "min_time": "<number>",
      "max_time": "<number>",
      "total": 3
    }
  }
}
