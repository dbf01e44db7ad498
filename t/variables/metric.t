# $metric_NAME and its relatives: assigning updates, reading is always fresh.

=== assigning and reading
--- http_config
metric_zone g:64k gauge;
metric_complex_zone c:64k { hist histogram 1 2 3; avg average exp; }
--- config
location /pair { set $metric_c foo=3; return 200 "$metric_c|$metric_c_key|$metric_c_value|$metric_c_value_hist|$metric_c_value_avg"; }
location /apart { set $metric_g_key "foo"; set $metric_g_value 1; return 200 "$metric_g|$metric_g_key|$metric_g_value"; }
location /none { return 200 "[$metric_g][$metric_g_key][$metric_g_value][$metric_c_value_avg]"; }
location /nokey { set $metric_g_value 5; return 200 "[$metric_g][$metric_g_value]"; }
location /unknown { set $metric_g_key zz; return 200 "[$metric_g][$metric_g_key][$metric_g_value]"; }
location /forget { set $metric_g a=1; set $metric_g_key ""; set $metric_g_value 9; return 200 "[$metric_g_key][$metric_g_value]"; }
location /empty { set $metric_g e=7; set $metric_g_value ""; set $metric_g_value x; return 200 "$metric_g $metric_g_value"; }
location /equals { set $metric_g "k=e=y==2"; return 200 "$metric_g_key|$metric_g_value"; }
location /bad { set $metric_g "=1"; return 200 "[$metric_g][$metric_g_key][$metric_g_value]"; }
location /two { set $metric_g t1=1; set $metric_c t2=2; set $metric_g_value 10; return 200 "$metric_g_key $metric_g_value $metric_c_key"; }
--- requests
GET /pair = foo=3|foo|0 0 1, 3|0 0 1|3
GET /apart = foo=1|foo|1
GET /none = [][][][]
GET /nokey = [][]
GET /unknown = [][zz][]
GET /forget = [][]
GET /empty = e=x 8
GET /equals = k=e=y=|2
GET /bad = [][][]
GET /two = t1 11 t2

=== a pair without value reads back as it was written
--- http_config
metric_zone z:64k count;
--- config
location /z { set $metric_z key; return 200 "$metric_z|$metric_z_value"; }
--- requests
GET /z = key|1
GET /z = key|2

=== metric_readback computed shows the value instead
--- http_config
metric_complex_zone c:64k { hist histogram 1 2 3; avg average exp; }
metric_zone n:64k count;
--- config
location /c { metric_readback computed; set $metric_c foo=3; return 200 "$metric_c"; }
location /n { metric_readback computed; set $metric_n angie; return 200 "$metric_n"; }
location /key { metric_readback computed; set $metric_n_key angie; return 200 "$metric_n"; }
location /unknown { metric_readback computed; set $metric_n_key other; return 200 "[$metric_n]"; }
location /assigned { metric_readback assigned; set $metric_n angie; return 200 "$metric_n"; }
--- requests
GET /c = foo=0 0 1, 3
GET /n = angie=1
GET /n = angie=2
GET /key = angie=2
GET /unknown = []
GET /assigned = angie

=== the state survives redirects
--- http_config
metric_zone g:64k gauge;
--- config
location /r { set $metric_g_key r; error_page 418 = @n; return 418; }
location /l { set $metric_g_key l; rewrite ^ /target last; }
location @n { set $metric_g_value 4; return 200 "$metric_g_key $metric_g_value"; }
location /target { set $metric_g_value 5; return 200 "$metric_g_key $metric_g_value"; }
--- requests
GET /r = r 4
GET /l = l 5

=== order in the file does not matter
# The peer takes an assignment before the zone's declaration for an ordinary variable.
--- http
server {
    listen 80;
    location /z { set $metric_z k=2; return 200 "$metric_z_value"; }
}
metric_zone z:64k gauge;
--- requests
GET /z = 2
GET /z = 4

=== names are case-insensitive as variables
--- http_config
metric_zone Zone:64k gauge;
--- config
location /z { set $metric_ZONE k=2; return 200 "$Metric_zone_value"; }
--- requests
GET /z = 2

=== the discard key can be read, not written
--- http_config
metric_zone z:32k discard_key=old gauge;
--- config
location /z { metric z $arg_k=1 on=request; return 204; }
location /write { set $metric_z old=5; return 200 "[$metric_z][$metric_z_key]"; }
location /read { set $metric_z_key old; return 200 "[$metric_z_value]"; }
location /full { set $metric_z new=1; return 200 "[$metric_z_key][$metric_z_value]"; }
--- requests
GET /write = [][]
GET /read = []
GET /z?k=<<#8>> 204 x2500
GET /read ~ ^\[[1-9]\d+\]$
GET /full = [new][]

=== assigning a submetric's value updates nothing
--- http_config
metric_complex_zone c:64k { a gauge; b count; }
--- config
location /c { set $metric_c k=1; set $metric_c_value_a 9; return 200 "$metric_c_value_a|$metric_c_value_b"; }
location /after { set $metric_c_key k; return 200 "$metric_c_value"; }
--- requests
GET /c = 9|1
GET /after = 1, 1

=== usable in map, header and log
--- http_config
metric_zone z:64k count;
map $metric_z_value $state { volatile; 1 first; 2 second; default more; }
log_format short "$metric_z_key:$metric_z_value";
access_log $DIR/access.log short;
--- config
location /z { set $metric_z k; add_header X-Count $metric_z_value; return 200 $state; }
--- requests
GET /z = first
GET /z = second
GET /z = more
--- response_headers
X-Count: 3
--- file_like access.log
^k:1$
^k:3$

=== a set on the server updates once per request, and again after an internal redirect
--- http
metric_zone z:64k count;
server {
    listen 80;
    set $metric_z seen;
    location /plain { return 200 $metric_z_value; }
    location /page { error_page 418 = /target; return 418; }
    location /named { error_page 418 = @n; return 418; }
    location /target { return 200 $metric_z_value; }
    location @n { return 200 $metric_z_value; }
}
--- requests
GET /plain = 1
GET /page = 3
GET /named = 4
