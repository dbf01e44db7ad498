# The seed's examples of the setter variables; `$metric_NAME` reads back the pair as it was assigned.

=== a pair assigned in the rewrite phase
--- main_config
http {
metric_zone counter:1m count;
# Neste ponto, a variável $metric_counter é adicionada
server {
listen 80;
location /metric/ {
set $metric_counter $http_user_agent; # Equivalente a $http_user_agent=0
}
location /api/ {
allow 127.0.0.1;
deny all;
api /status/http/metric_zones/counter/;
}
}
}
--- requests
GET /metric/ 404 x2
    User-Agent: Firefox
--- json /api/
{"discarded": 0, "metrics": {"Firefox": 2}}

=== key and value assigned apart
--- main_config
http {
metric_zone gauge:1m gauge;
# As variáveis $metric_gauge, $metric_gauge_key e $metric_gauge_value são adicionadas aqui.
metric_complex_zone complex:1m {
hist histogram 1 2 3;
avg average exp;
}
# $metric_complex, $metric_complex_key e $metric_complex_value são adicionadas aqui.
server {
listen 80;
location /gauge/ {
set $metric_gauge_key "foo";
set $metric_gauge_value 1;
# Ou: set $metric_gauge foo=1;
return 200 "Updated with '$metric_gauge'\nValue='$metric_gauge_value'\n";
}
location /complex/ {
set $metric_complex_key "foo";
set $metric_complex_value 3;
# Ou: set $metric_complex foo=3;
return 200 "Updated with '$metric_complex'\nValue='$metric_complex_value'\n";
}
}
}
--- requests
GET /gauge/
--- response_body
Updated with 'foo=1'
Value='1'
--- requests
GET /complex/
--- response_body
Updated with 'foo=3'
Value='0 0 1, 3'

=== the same with whole pairs
--- http
metric_zone gauge:1m gauge;
metric_complex_zone complex:1m {
hist histogram 1 2 3;
avg average exp;
}
server {
listen 80;
location /gauge/ {
set $metric_gauge foo=1;
return 200 "Updated with '$metric_gauge'\nValue='$metric_gauge_value'\n";
}
location /complex/ {
set $metric_complex foo=3;
return 200 "Updated with '$metric_complex'\nValue='$metric_complex_value'\n";
}
}
--- requests
GET /gauge/
--- response_body
Updated with 'foo=1'
Value='1'
--- requests
GET /complex/
--- response_body
Updated with 'foo=3'
Value='0 0 1, 3'

=== the value of one submetric
--- main_config
http {
metric_complex_zone foo:1m {
count count;
min min;
avg average exp;
}
# Adiciona $metric_foo, $metric_foo_key, $metric_foo_value,
# e $metric_foo_value_count, $metric_foo_value_min, $metric_foo_value_avg.
server {
listen 80;
location /foo/ {
set $metric_foo_key bar;
set $metric_foo_value 9;
# Ou: set $metric_foo bar=9;
return 200 "Updated with '$metric_foo'\nValues='$metric_foo_value'\nCount='$metric_foo_value_count'\n";
}
}
}
--- requests
GET /foo/
--- response_body
Updated with 'bar=9'
Values='1, 9, 9'
Count='1'

=== the value of one submetric, assigned as a pair
--- http
metric_complex_zone foo:1m {
count count;
min min;
avg average exp;
}
server {
listen 80;
location /foo/ {
set $metric_foo bar=9;
return 200 "Updated with '$metric_foo'\nValues='$metric_foo_value'\nCount='$metric_foo_value_count'\n";
}
}
--- requests
GET /foo/
--- response_body
Updated with 'bar=9'
Values='1, 9, 9'
Count='1'
