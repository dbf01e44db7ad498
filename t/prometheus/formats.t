# OpenMetrics and gzip, for scrapers that ask for them.

=== the seed's page for who asks for nothing special
--- http_config
metric_zone z:64k count;
prometheus_template t { 'z_total{k="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$ type=counter; }
--- config
location /u { metric z $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=a 204
GET /p 200
    Accept: */*
--- response_body
# Angie Prometheus template "t"
# TYPE z_total counter
z_total{k="a"} 1
--- response_headers
Content-Type: text/plain; version=0.0.4; charset=utf-8
!Content-Encoding
--- requests
GET /p 200
    Accept: application/openmetrics-text; version=1.0.0; q=0.5
    Accept: text/plain; q=0.4
--- response_body
# TYPE z counter
z_total{k="a"} 1
# EOF
--- response_headers
Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8
Content-Length: ~^\d+$
--- requests
GET /p 200
    Accept: application/openmetrics-text; version=0.0.1
--- response_headers
Content-Type: text/plain; version=0.0.4; charset=utf-8
--- requests
HEAD /p 200
    Accept: application/openmetrics-text
--- response_headers
Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8
Content-Length: 40
--- response_body

=== packed pages
--- http_config
metric_zone z:1m count;
prometheus_template t { 'z_total{k="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$ type=counter; }
--- config
location /u { metric z $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=a 204
GET /p 200
    Accept-Encoding: br, gzip
--- response_headers
Content-Encoding: gzip
Content-Length: ~^\d+$
--- requests
HEAD /p 200
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
Content-Length: ~^\d+$
--- requests
GET /p 200
    Accept-Encoding: gzip;q=0
--- response_headers
!Content-Encoding
--- requests
GET /u?k=k<<#4>> 204 x2500
GET /p 200
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
!Content-Length

=== a long page ends as it should
--- http_config
metric_zone z:1m count;
prometheus_template t { metric_zone z; }
--- config
location /u { metric z $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=k<<#4>> 204 x2500
GET /p ~ ^# TYPE z counter\n(z_total\{key="k\d{4}"\} 1\n)+# EOF\n$
    Accept: application/openmetrics-text
