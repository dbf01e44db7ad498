# Ways to choose a peer, and connections that are kept.

=== a key goes to one peer
--- origin a
* * 200
    | a
--- origin b
* * 200
    | b
--- http_config
metric_zone z:64k count;
upstream plain { hash $arg_k; server $ORIGIN_a; server $ORIGIN_b; }
upstream ring { hash $arg_k consistent; server $ORIGIN_a; server $ORIGIN_b; }
upstream client { ip_hash; server $ORIGIN_a; server $ORIGIN_b; }
--- config
location /plain { proxy_pass http://plain; metric z plain; metric z plain$upstream_addr; }
location /ring { proxy_pass http://ring; metric z ring$upstream_addr; }
location /client { proxy_pass http://client; metric z client; }
--- requests
GET /plain?k=1 x5
GET /ring?k=1 x5
GET /client x5
--- json_like /status/http/metric_zones/z/metrics
{"plain": 5, "client": 5}

=== the least busy peer, any peer, one of two
--- origin a
* * 200
    | a
--- http_config
upstream least { least_conn; server $ORIGIN_a; server 127.0.0.1:$PORT2 backup; }
upstream any { random; server $ORIGIN_a; server $ORIGIN_a; }
upstream two { random two least_conn; server $ORIGIN_a weight=2; server $ORIGIN_a; }
--- config
location /least { proxy_pass http://least; }
location /any { proxy_pass http://any; }
location /two { proxy_pass http://two; }
--- requests
GET /least x3 = a
GET /any x3 = a
GET /two x3 = a

=== a connection carries only so many requests
--- origin o
* * 200
    | $HEAD
--- http_config
upstream group { server $ORIGIN_o; keepalive 4; keepalive_requests 2; keepalive_timeout 10s; keepalive_time 1h; zone group; }
--- config
location / { proxy_pass http://group; }
--- requests
GET /1
--- response_body_like
(?s)\A(?!.*Connection: close)
--- json /status/http/upstreams/group/keepalive
1
--- requests
GET /2
--- response_body_like
^Connection: close\r?$
--- wait /status/http/upstreams/group/keepalive
0

=== counts outlive a reload that adds a peer
--- origin a
* * 200
--- origin b
* * 200
--- http_config
upstream group { zone group; server $ORIGIN_a; }
--- config
location / { proxy_pass http://group; }
--- requests
GET / x3
--- http_config
upstream group { zone group; server $ORIGIN_b; server $ORIGIN_a; }
--- reload
--- json_like /status/http/upstreams/group/peers/$ORIGIN_a
{"selected": {"total": 3}, "responses": {"200": 3}}
--- json_like /status/http/upstreams/group/peers/$ORIGIN_b
{"selected": {"total": 0}}

=== what is wrong with an upstream
--- http_config
upstream a { server nohost.invalid; }
upstream a { server 127.0.0.1; }
upstream b { }
upstream c { server 127.0.0.1 weight=0; }
upstream d { ip_hash; least_conn; server 127.0.0.1; }
upstream e { ip_hash; server 127.0.0.2; server 127.0.0.1 backup; }
--- config
location / { proxy_pass http://d:80; }
--- error_like
^pingauge: \[emerg\] host not found in upstream "nohost.invalid" in http_config:1$
^pingauge: \[emerg\] duplicate upstream "a" in http_config:2$
^pingauge: \[emerg\] no servers are inside upstream "b" in http_config:3$
^pingauge: \[emerg\] invalid parameter "weight=0" in http_config:4$
^pingauge: \[emerg\] load balancing method redefined in http_config:5$
^pingauge: \[emerg\] (?=.*"backup").* in http_config:6$
^pingauge: \[emerg\] upstream "d" may not have port 80 in config:1$

=== an empty key is no key
--- origin a
* * 200
    | a
--- origin b
* * 200
    | b
--- http_config
metric_zone z:64k count;
upstream plain { hash $arg_k; server $ORIGIN_a; server $ORIGIN_b; }
upstream ring { hash $arg_k consistent; server $ORIGIN_a; server $ORIGIN_b; }
--- config
location /plain { proxy_pass http://plain; metric z "plain $upstream_addr" on=end; }
location /ring { proxy_pass http://ring; metric z "ring $upstream_addr" on=end; }
--- requests
GET /plain x6
GET /ring x6
--- json /status/http/metric_zones/z/metrics
{"plain $ORIGIN_a": 3, "plain $ORIGIN_b": 3, "ring $ORIGIN_a": 3, "ring $ORIGIN_b": 3}

=== a group with a zone may be empty
--- http_config
upstream none { zone none 64k; }
upstream ring { zone none; hash $uri consistent; }
upstream any { zone none; random two; }
--- config
location /none { proxy_pass http://none; }
location /ring { proxy_pass http://ring; }
location /any { proxy_pass http://any; }
location /by { set $v none; proxy_pass http://$v; }
--- requests
GET /none 502
GET /ring 502
GET /any 502
GET /by 502
--- json /status/http/upstreams/none
{"peers": {}, "keepalive": 0, "zone": "none"}
--- log
no live upstreams

=== the server of another proxy_pass is found by its name
--- origin o
* * 200
    | $HEAD
--- config
location /by { set $v $arg_v; proxy_pass http://$v; }
location /fixed { proxy_pass http://localhost:$PORT2; }
location /port { proxy_pass http://LOCALHOST; }
--- requests
GET /by?v=localhost:$PORT2/status/angie/generation any
--- no_log
could not be resolved
--- requests
GET /by?v=nowhere..test 502
--- log
nowhere..test could not be resolved
