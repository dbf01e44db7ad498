# proxy_next_upstream and what a failed or unwanted answer leads to.

=== a status that leads to the next peer
--- origin bad
* * 500
    | bad
--- origin good
* * 200
    | good
--- http_config
upstream group { server $ORIGIN_bad; server $ORIGIN_good backup; }
--- config
proxy_next_upstream error timeout http_500;
location / { proxy_pass http://group; add_header X-Status $upstream_status always; }
location /post { proxy_pass http://group; }
location /anything { proxy_next_upstream http_500 non_idempotent; proxy_pass http://group; }
location /off { proxy_next_upstream off; proxy_pass http://group; }
location /one { proxy_next_upstream_tries 1; proxy_pass http://group; }
--- requests
GET / 200
--- response_headers
X-Status: 500, 200

=== what is not repeated
--- origin bad
* * 500
    | bad
--- origin good
* * 200
    | good
--- http_config
upstream group { server $ORIGIN_bad max_fails=0; server $ORIGIN_good backup; }
--- config
proxy_next_upstream http_500;
location / { proxy_pass http://group; }
location /anything { proxy_next_upstream http_500 non_idempotent; proxy_pass http://group; }
location /off { proxy_next_upstream off; proxy_pass http://group; }
location /one { proxy_next_upstream_tries 1; proxy_pass http://group; }
--- requests
GET / = good
POST / 500 = bad
    | body
POST /anything = good
    | body
GET /off 500 = bad
GET /one 500 = bad

=== no time for another peer
--- origin slow
* * 200 delay=4
--- origin good
* * 200
    | good
--- http_config
upstream group { server $ORIGIN_slow max_fails=0; server $ORIGIN_good backup; }
--- config
proxy_read_timeout 1s;
location / { proxy_pass http://group; }
location /late { proxy_next_upstream_timeout 500ms; proxy_pass http://group; }
--- requests
GET / = good
GET /late 504

=== intercepted errors
--- origin o
* /404 404
    | theirs
* /ok 200
    | theirs
* * 500
    | theirs
--- config
error_page 404 =200 /page;
error_page 500 @other;
location = /page { return 200 ours; }
location @other { return 200 other; }
location / { proxy_intercept_errors on; proxy_pass http://$ORIGIN_o; }
location /off/ { proxy_pass http://$ORIGIN_o/; }
--- requests
GET /404 = ours
GET /500 any = other
GET /ok = theirs
GET /off/404 404 = theirs

=== an error page that is proxied elsewhere
--- origin o
* * 200
    | other
--- config
location / { error_page 502 = @other; proxy_pass http://127.0.0.1:$PORT2; add_header X-Addr a; }
location @other { proxy_pass http://$ORIGIN_o; add_header X-Addr $upstream_addr; }
--- requests
GET /x = other
--- response_headers
X-Addr: 127.0.0.1:$PORT2 : $ORIGIN_o

=== a named status counts against the peer, also when there is no other
--- origin o
* /403 403
* /404 404
* /200 200
* * 500
    | bad
--- http_config
upstream group { zone group 64k; server $ORIGIN_o max_fails=3; }
upstream other { zone other 64k; server $ORIGIN_o; }
--- config
proxy_next_upstream error http_500 http_403;
location / { proxy_pass http://group; }
location /post { proxy_pass http://group; }
location /page { proxy_intercept_errors on; error_page 500 = @page; proxy_pass http://group; }
location @page { return 200 page; }
location /unnamed { proxy_next_upstream error; proxy_pass http://other; }
--- requests
GET /x 500 = bad
GET /403 403
GET /404 404
GET /200 200
--- json_like /status/http/upstreams/group/peers/$ORIGIN_o/health
{"fails": 1}
--- requests
POST /post 500 = bad
    | body
GET /page = page
GET /unnamed 500 = bad
--- json_like /status/http/upstreams/group/peers/$ORIGIN_o/health
{"fails": 3}
--- json_like /status/http/upstreams/other/peers/$ORIGIN_o/health
{"fails": 0}

=== complaints name the client, the server, the request and the peer
--- origin o
* /cut close
* * 200
    | o
--- http_config
upstream dead { server 127.0.0.1:$PORT2; server 127.0.0.2:$PORT2; }
--- config
server_name named.test;
location / { proxy_pass http://dead; }
location /variable { proxy_pass http://$arg_h; }
location /cut { proxy_pass http://$ORIGIN_o; }
location /unix { proxy_pass http://unix:/no/such.sock; }
--- requests
GET /unix 502
    Referer: http://there/"x\
GET /one 502
GET /two 502
GET /cut 502
GET /variable?h=no..such 502
GET /variable?h=a%20b any
--- log
connect\(\) failed \(111: Connection refused\) while connecting to upstream, client: 127.0.0.1, server: named.test, request: "GET /one $PROTOCOL", upstream: "http://127.0.0.1:$PORT2/one", host: "
connect\(\) failed \(2: No such file or directory\) while connecting to upstream, .*, upstream: "http://unix:/no/such.sock:/unix", host: "[^"]*", referrer: "http://there/\\"x\\\\"
temporarily left out, client: 127.0.0.1, server: named.test, request: "GET /one $PROTOCOL", upstream: "http://127.0.0.2:$PORT2/one", host: "
no live upstreams while connecting to upstream, client: 127.0.0.1, server: named.test, request: "GET /two $PROTOCOL", upstream: "http://dead/two", host: "
upstream prematurely closed connection .*, client: 127.0.0.1, server: named.test, request: "GET /cut $PROTOCOL", upstream: "http://$ORIGIN_o/cut", host: "
no..such could not be resolved \(3: Host not found\), client: 127.0.0.1, server: named.test, request: "GET /variable\?h=no..such $PROTOCOL", upstream: "no..such", host: "
