# The seed's example of every mode: its configuration, its requests, its answers.
# `listen 80` becomes the block's own port. The locations have no content, hence 404.

=== count
--- http
metric_zone count:1m count;
# Como parte de uma métrica complexa:
#
# metric_complex_zone count:1m {
# some_metric_name count;
# }
server {
listen 80;
location /metric/ {
metric count KEY;
}
location ~ ^/metric/set/(.+)$ {
metric count KEY=$1;
}
location /api/ {
api /status/http/metric_zones/count/metrics/;
}
}
--- requests
GET /metric/ 404
GET /metric/set/1 404
GET /metric/set/23 404
GET /metric/set/-32 404
--- json /api/
{"KEY": 4}

=== gauge
--- http
metric_zone gauge:1m gauge;
# Como parte de uma métrica complexa:
#
# metric_complex_zone gauge:1m {
# some_metric_name gauge;
# }
server {
listen 80;
location /metric/ {
metric gauge KEY;
}
location ~ ^/metric/set/(.+)$ {
metric gauge KEY=$1;
}
location /api/ {
api /status/http/metric_zones/gauge/metrics/;
}
}
--- requests
GET /metric/ 404
--- json /api/
{"KEY": 0}
--- requests
GET /metric/set/5 404
GET /metric/set/-5 404
GET /metric/set/8 404
--- json /api/
{"KEY": 8}

=== last
--- http
metric_zone last:1m last;
# Como parte de uma métrica complexa:
#
# metric_complex_zone last:1m {
# some_metric_name last;
# }
server {
listen 80;
location /metric/ {
metric last KEY;
}
location ~ ^/metric/set/(.+)$ {
metric last KEY=$1;
}
location /api/ {
api /status/http/metric_zones/last/metrics/;
}
}
--- requests
GET /metric/ 404
--- json /api/
{"KEY": 0}
--- requests
GET /metric/set/8000 404
GET /metric/set/37 404
GET /metric/set/-3.5 404
--- json /api/
{"KEY": -3.5}

=== min
--- http
metric_zone min:1m min;
# Como parte de uma métrica complexa:
#
# metric_complex_zone min:1m {
# some_metric_name min;
# }
server {
listen 80;
location /metric/ {
metric min KEY;
}
location ~ ^/metric/set/(.+)$ {
metric min KEY=$1;
}
location /api/ {
api /status/http/metric_zones/min/metrics/;
}
}
--- requests
GET /metric/set/42.999 404
GET /metric/set/-512 404
GET /metric/set/1 404
GET /metric/ 404
--- json /api/
{"KEY": -512}

=== max
--- http
metric_zone max:1m max;
# Como parte de uma métrica complexa:
#
# metric_complex_zone max:1m {
# some_metric_name max;
# }
server {
listen 80;
location /metric/ {
metric max KEY;
}
location ~ ^/metric/set/(.+)$ {
metric max KEY=$1;
}
location /api/ {
api /status/http/metric_zones/max/metrics/;
}
}
--- requests
GET /metric/set/42.999 404
GET /metric/set/-512 404
GET /metric/set/1 404
GET /metric/ 404
--- json /api/
{"KEY": 42.999}

=== average exp
--- http
metric_zone avg_exp:1m average exp factor=60;
# Como parte de uma métrica complexa:
#
# metric_complex_zone avg_exp:1m {
# some_metric_name average exp factor=60;
# }
server {
listen 80;
location ~ ^/metric/set/(.+)$ {
metric avg_exp KEY=$1;
}
location /api/ {
api /status/http/metric_zones/avg_exp/metrics/;
}
}
--- requests
GET /metric/set/100 404
GET /metric/set/200 404
GET /metric/set/0 404
GET /metric/set/8 404
GET /metric/set/30 404
--- json /api/
{"KEY": 30.16}

=== average mean
--- http
metric_zone avg_mean:1m average mean window=5s count=8;
# Como parte de uma métrica complexa:
#
# metric_complex_zone avg_mean:1m {
# some_metric_name average mean window=5s count=8;
# }
server {
listen 80;
location ~ ^/metric/set/(.+)$ {
metric avg_mean KEY=$1;
}
location /api/ {
api /status/http/metric_zones/avg_mean/metrics/;
}
}
--- requests
GET /metric/set/0.1 404
GET /metric/set/0.1 404
GET /metric/set/0.4 404
GET /metric/set/10 404
GET /metric/set/1 404
GET /metric/set/1 404
--- json /api/
{"KEY": 2.1}
--- wait 5.1
--- json /api/
{"KEY": 0}

=== count as part of a complex metric
--- http
metric_complex_zone count:1m {
some_metric_name count;
}
server {
listen 80;
location /metric/ {
metric count KEY;
}
location ~ ^/metric/set/(.+)$ {
metric count KEY=$1;
}
location /api/ {
api /status/http/metric_zones/count/metrics/;
}
}
--- requests
GET /metric/ 404
GET /metric/set/1 404
GET /metric/set/23 404
GET /metric/set/-32 404
--- json /api/
{"KEY": {"some_metric_name": 4}}

=== gauge as part of a complex metric
--- http
metric_complex_zone gauge:1m {
some_metric_name gauge;
}
server {
listen 80;
location /metric/ {
metric gauge KEY;
}
location ~ ^/metric/set/(.+)$ {
metric gauge KEY=$1;
}
location /api/ {
api /status/http/metric_zones/gauge/metrics/;
}
}
--- requests
GET /metric/ 404
--- json /api/
{"KEY": {"some_metric_name": 0}}
--- requests
GET /metric/set/5 404
GET /metric/set/-5 404
GET /metric/set/8 404
--- json /api/
{"KEY": {"some_metric_name": 8}}

=== last as part of a complex metric
--- http
metric_complex_zone last:1m {
some_metric_name last;
}
server {
listen 80;
location /metric/ {
metric last KEY;
}
location ~ ^/metric/set/(.+)$ {
metric last KEY=$1;
}
location /api/ {
api /status/http/metric_zones/last/metrics/;
}
}
--- requests
GET /metric/ 404
--- json /api/
{"KEY": {"some_metric_name": 0}}
--- requests
GET /metric/set/8000 404
GET /metric/set/37 404
GET /metric/set/-3.5 404
--- json /api/
{"KEY": {"some_metric_name": -3.5}}

=== min as part of a complex metric
--- http
metric_complex_zone min:1m {
some_metric_name min;
}
server {
listen 80;
location /metric/ {
metric min KEY;
}
location ~ ^/metric/set/(.+)$ {
metric min KEY=$1;
}
location /api/ {
api /status/http/metric_zones/min/metrics/;
}
}
--- requests
GET /metric/set/42.999 404
GET /metric/set/-512 404
GET /metric/set/1 404
GET /metric/ 404
--- json /api/
{"KEY": {"some_metric_name": -512}}

=== max as part of a complex metric
--- http
metric_complex_zone max:1m {
some_metric_name max;
}
server {
listen 80;
location /metric/ {
metric max KEY;
}
location ~ ^/metric/set/(.+)$ {
metric max KEY=$1;
}
location /api/ {
api /status/http/metric_zones/max/metrics/;
}
}
--- requests
GET /metric/set/42.999 404
GET /metric/set/-512 404
GET /metric/set/1 404
GET /metric/ 404
--- json /api/
{"KEY": {"some_metric_name": 42.999}}

=== average exp as part of a complex metric
--- http
metric_complex_zone avg_exp:1m {
some_metric_name average exp factor=60;
}
server {
listen 80;
location ~ ^/metric/set/(.+)$ {
metric avg_exp KEY=$1;
}
location /api/ {
api /status/http/metric_zones/avg_exp/metrics/;
}
}
--- requests
GET /metric/set/100 404
GET /metric/set/200 404
GET /metric/set/0 404
GET /metric/set/8 404
GET /metric/set/30 404
--- json /api/
{"KEY": {"some_metric_name": 30.16}}

=== average mean as part of a complex metric
--- http
metric_complex_zone avg_mean:1m {
some_metric_name average mean window=5s count=8;
}
server {
listen 80;
location ~ ^/metric/set/(.+)$ {
metric avg_mean KEY=$1;
}
location /api/ {
api /status/http/metric_zones/avg_mean/metrics/;
}
}
--- requests
GET /metric/set/0.1 404
GET /metric/set/0.1 404
GET /metric/set/0.4 404
GET /metric/set/10 404
GET /metric/set/1 404
GET /metric/set/1 404
--- json /api/
{"KEY": {"some_metric_name": 2.1}}
--- wait 5.1
--- json /api/
{"KEY": {"some_metric_name": 0}}

=== histogram
# The seed updates a zone `histogram` that it does not declare; here it is `hist`, as declared.
--- http
metric_zone hist:1m histogram 0.1 0.2 0.5 1 2 inf;
# Como parte de uma métrica complexa:
#
# metric_complex_zone hist:1m {
# some_metric_name histogram 0.1 0.2 0.5 1 2 inf;
# }
server {
listen 80;
location ~ ^/metric/set/(.+)$ {
metric hist KEY=$1;
}
location /api/ {
api /status/http/metric_zones/hist/metrics/;
}
}
--- requests
GET /metric/set/0.25 404
--- json /api/
{"KEY": {"0.1": 0, "0.2": 0, "0.5": 1, "1": 1, "2": 1, "inf": 1}}
--- requests
GET /metric/set/2 404
--- json /api/
{"KEY": {"0.1": 0, "0.2": 0, "0.5": 1, "1": 1, "2": 2, "inf": 2}}
--- requests
GET /metric/set/1000 404
--- json /api/
{"KEY": {"0.1": 0, "0.2": 0, "0.5": 1, "1": 1, "2": 2, "inf": 3}}

=== histogram as part of a complex metric
# The seed updates a zone `histogram` that it does not declare; here it is `hist`, as declared.
--- http
metric_complex_zone hist:1m {
some_metric_name histogram 0.1 0.2 0.5 1 2 inf;
}
server {
listen 80;
location ~ ^/metric/set/(.+)$ {
metric hist KEY=$1;
}
location /api/ {
api /status/http/metric_zones/hist/metrics/;
}
}
--- requests
GET /metric/set/0.25 404
--- json /api/
{"KEY": {"some_metric_name": {"0.1": 0, "0.2": 0, "0.5": 1, "1": 1, "2": 1, "inf": 1}}}
--- requests
GET /metric/set/2 404
--- json /api/
{"KEY": {"some_metric_name": {"0.1": 0, "0.2": 0, "0.5": 1, "1": 1, "2": 2, "inf": 2}}}
--- requests
GET /metric/set/1000 404
--- json /api/
{"KEY": {"some_metric_name": {"0.1": 0, "0.2": 0, "0.5": 1, "1": 1, "2": 2, "inf": 3}}}
