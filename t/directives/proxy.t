# proxy_pass and upstream: what reaches the origin, what comes back, which peer is taken.

=== the request line and headers the origin sees
--- origin o
* * 200
    | $HEAD
--- config
location /plain { proxy_pass http://$ORIGIN_o; }
location /replaced/ { proxy_pass http://$ORIGIN_o/new/; }
location /variable { proxy_pass http://$ORIGIN_o/v$is_args$args; }
location /headers { proxy_set_header Host other; proxy_set_header X-A $arg_a; proxy_set_header X-Empty ""; proxy_set_header User-Agent ""; proxy_pass http://$ORIGIN_o; }
location /version { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://$ORIGIN_o; }
--- requests
GET /plain/a%20b?x=y
    User-Agent: tester
--- response_body_like
^GET /plain/a%20b\?x=y HTTP/1\.[01]\r?$
^Host: $ORIGIN_o\r?$
(?i)^User-Agent: tester\r?$
--- requests
GET /replaced/x?y=z
--- response_body_like
^GET /new/x\?y=z HTTP
--- requests
GET /variable?y=z
--- response_body_like
^GET /v\?y=z HTTP
--- requests
GET /headers?a=1
    User-Agent: tester
--- response_body_like
^Host: other\r?$
^X-A: 1\r?$
--- requests
GET /version
--- response_body_like
^GET /version HTTP/1\.1\r?$

=== what may not stand in a URI is escaped where one is written anew
--- origin o
* * 200
    | $HEAD
--- config
location /replaced/ { proxy_pass http://$ORIGIN_o/new/; }
location /rewritten/ { rewrite ^/rewritten/(.*)$ /new/$1 break; proxy_pass http://$ORIGIN_o; }
location /plain/ { proxy_pass http://$ORIGIN_o; }
location /query/ { rewrite ^/query/(.*)$ /shown?q=$1 last; }
location /shown { return 200 $args; }
location /away/ { rewrite ^/away/(.*)$ /new/$1 redirect; }
--- requests
GET /replaced/%7Bid%7D%22%3C%3E%5C%5E%60%7C 200 ~ ^GET /new/%7Bid%7D%22%3C%3E%5C%5E%60%7C HTTP
GET /rewritten/%7Bid%7D%22%3C%3E%5C%5E%60%7C 200 ~ ^GET /new/%7Bid%7D%22%3C%3E%5C%5E%60%7C HTTP
GET /replaced/(a),b;c=d:e@f!$&'*+~[] 200 ~ ^GET /new/\(a\),b;c=d:e@f!\$&'\*\+~\[\] HTTP
GET /plain/%7Bid%7D%2F 200 ~ ^GET /plain/%7Bid%7D%2F HTTP
GET /query/%7Bid%7D%22%3C%3E%5C%5E%60%7C = q=%7Bid%7D%22%3C%3E%5C%5E%60%7C
GET /away/%7Bid%7D%22%3C%3E%5C%5E%60%7C 302
--- response_headers
Location: http://localhost/new/%7Bid%7D%22%3C%3E%5C%5E%60%7C

=== bodies go through in both directions
--- origin o
POST * 201
    X-Origin: yes
    Content-Type: text/special
    | answer
* * 200
--- config
location / { proxy_pass http://$ORIGIN_o; }
--- requests
POST / 201 = answer
    | <<b*20000>>
--- response_headers
X-Origin: yes
Content-Type: text/special
--- requests
HEAD /
GET /

=== variables of the upstream
--- origin o
* * 200
    X-Origin: yes
    | answer
--- config
location / {
    proxy_pass http://$ORIGIN_o;
    add_header X-Upstream "$upstream_addr|$upstream_status|$upstream_http_x_origin";
    add_header X-Times "$upstream_response_time|$upstream_header_time|$upstream_connect_time";
}
--- requests
GET /
--- response_headers
X-Upstream: $ORIGIN_o|200|yes
X-Times: ~^(-|\d+\.\d{3})\|\d+\.\d{3}\|\d+\.\d{3}$

=== weights
--- origin a
* * 200
    | a
--- origin b
* * 200
    | b
--- http_config
metric_zone z:64k count;
upstream group { server $ORIGIN_a weight=3; server $ORIGIN_b; }
--- config
location / { proxy_pass http://group; metric z $upstream_addr; }
--- requests
GET / x8
--- json /status/http/metric_zones/z/metrics
{"$ORIGIN_a": 6, "$ORIGIN_b": 2}

=== a dead peer is passed over
--- origin good
* * 200
    | good
--- http_config
upstream group { server 127.0.0.1:$PORT2 max_fails=1 fail_timeout=30s; server $ORIGIN_good; }
--- config
location / { proxy_pass http://group; }
--- requests
GET / x6 = good

=== backup and down
--- origin backup
* * 200
    | backup
--- http_config
upstream group { server 127.0.0.1:$PORT2; server $ORIGIN_backup backup; }
upstream off { server 127.0.0.1:$PORT2 down; server $ORIGIN_backup; }
--- config
location /group { proxy_pass http://group; }
location /off { proxy_pass http://off; }
--- requests
GET /group x3 = backup
GET /off x3 = backup

=== nobody is there
--- config
location / { proxy_pass http://127.0.0.1:$PORT2; }
--- requests
GET / 502
--- log
\[error\].*[Cc]onnect

=== the origin closes without an answer
--- origin o
* * close
--- config
location / { proxy_pass http://$ORIGIN_o; }
--- requests
GET / 502

=== timeouts
--- origin slow
* * 200 delay=3
--- config
location / { proxy_read_timeout 300ms; proxy_connect_timeout 1s; proxy_send_timeout 1s; proxy_pass http://$ORIGIN_slow; }
--- requests
GET / 504

=== connections to the origin are kept
--- origin o
* * 200
    | x
--- http_config
upstream group { server $ORIGIN_o; keepalive 4; }
--- config
location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://group; }
--- requests
GET / x20 = x

=== keep-alive with a mixture of local and proxied answers
--- origin o
POST * 200
    | posted
* * 200
    | proxied
--- config
location / { return 200 local; }
location /p { proxy_pass http://$ORIGIN_o; }
--- requests
GET / = local
GET /p = proxied
POST / = local
    | body
POST /p = posted
    | body
GET / = local
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /p HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)local.*posted.*proxied.*local
