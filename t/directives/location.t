# location and server_name: which block serves a request.

=== kinds of locations and their order
--- config
location = /exact { return 200 exact; }
location /exact { return 200 prefix; }
location /long { return 200 short; }
location /longer { return 200 longer; }
location ^~ /strong { return 200 strong; }
location ~ \.x$ { return 200 regex; }
location ~* \.Y$ { return 200 insensitive; }
location ~ ^/long { return 200 second; }
location / { return 200 root; }
--- requests
GET /exact = exact
GET /exact/ = prefix
GET /exactly = prefix
GET /exact.x = regex
GET /strong.x = strong
GET /a.x = regex
GET /a.X = root
GET /a.y = insensitive
GET /longer = second
GET /a = root

=== nesting: the innermost regex first
--- config
location /a {
    location /a/b { location ~ c$ { return 200 inner; } return 200 nested; }
    location ~ c$ { return 200 middle; }
    return 200 outer;
}
location ~ c$ { return 200 last; }
--- requests
GET /a = outer
GET /a/b = nested
GET /a/b/c = inner
GET /a/c = middle
GET /x/c = last

=== captures, numbered and named
--- config
location ~ ^/u/(?<user>\w+)/(\d+)?$ { return 200 "$user|$1|$2"; }
location ~* ^/case/([a-z]+)$ { set $copy $1; return 200 $copy; }
--- requests
GET /u/bob/42 = bob|bob|42
GET /u/bob/ = bob|bob|
GET /case/ABC = ABC

=== the path is decoded, cleaned and merged
--- config
location /a/b { return 200 $uri; }
location / { return 200 "other $uri"; }
--- requests
GET /a%2Fb = /a/b
GET /%61/./x/../b = /a/b
GET //a///b = /a/b
GET /a/b/%20c?x=/y = /a/b/ c
GET /%zz 400
GET /a%00 400

=== merge_slashes off
--- http_config
merge_slashes off;
--- config
location / { return 200 $uri; }
--- requests
GET //a///b = //a///b

=== the path may not leave the root
--- config
location / { return 200 x; }
--- requests
GET /../x 400
GET /a/../../x 400
GET /a/../x 200

=== servers by name
--- http
server { listen 80; server_name a.example *.b.example; return 200 first; }
server { listen 80; server_name c.* b.example; return 200 second; }
server { listen 80; server_name ~^r(?<n>\d+)\.example$; return 200 regex-$n; }
server { listen 80; server_name x.c.b.example; return 200 exact; }
server { listen 80; server_name *.c.b.example; return 200 longer; }
--- requests
GET / = first
    Host: a.example
GET / = first
    Host: A.Example:8080
GET / = first
    Host: x.b.example
GET / = second
    Host: b.example
GET / = second
    Host: c.anything.at.all
GET / = regex-42
    Host: r42.example
GET / = exact
    Host: x.c.b.example
GET / = longer
    Host: y.c.b.example
GET / = first
    Host: unknown

=== the default server
--- http
server { listen 127.0.0.1:$PORT; server_name a; return 200 a; }
server { listen 127.0.0.1:$PORT default_server backlog=64; server_name b; return 200 b; }
server { listen $PORT2; server_name c; return 200 "c $server_port"; }
--- requests
GET / = b
    Host: unknown
GET / = a
    Host: a
GET :$PORT2/ = c $PORT2
    Host: unknown

=== a request without Host
--- config
location / { return 200 "host=[$host]"; }
--- raw_request
GET / HTTP/1.1\r\n\r\n
--- raw_response_like
^HTTP/1\.1 400
--- raw_request
GET / HTTP/1.0\r\n\r\n
--- raw_response_like
^HTTP/1\.1 200
host=\[

=== a unix socket
--- http
server { listen unix:$DIR/socket; location / { return 200 "through a socket $uri"; } }
server { listen 80; location / { proxy_pass http://unix:$DIR/socket; } }
--- requests
GET /x = through a socket /x

=== an IPv6 wildcard
--- http
server { listen 80; listen [::]:$PORT2; location / { return 200 $server_port; } }
--- requests
GET / = $PORT

=== limit_except
--- config
location / { limit_except GET { deny all; } return 200 ok; }
location /pass { limit_except GET POST { deny all; } }
--- requests
GET / = ok
HEAD /
GET /pass 404
PUT /pass 403

=== the redirect to a slash is for paths that are no location's name
--- origin A
* * 200
    | origin
--- config
location / { return 200 root; }
location /api { return 200 plain; }
location /api/ { proxy_pass http://$ORIGIN_A; }
location = /b { return 200 exact; }
location /b/ { proxy_pass http://$ORIGIN_A; }
location /c/ { proxy_pass http://$ORIGIN_A; }
location ~ ^/c$ { return 200 pattern; }
location = /e/ { proxy_pass http://$ORIGIN_A; }
location /f { location /f/g { return 200 inner; } location /f/g/ { proxy_pass http://$ORIGIN_A; } }
--- requests
GET /api = plain
GET /api/x = origin
GET /apix = plain
GET /b = exact
GET /c 301
GET /cx = root
GET /e/ = origin
GET /e 301
GET /f/g = inner
GET /e?a=1 301
--- response_headers
Location: http://localhost/e/?a=1
