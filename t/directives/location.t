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

=== a nested ^~ keeps off the regular expressions of its own level alone
--- config
location /app/ {
    location ^~ /app/up/ { return 200 up; }
    location ~ \.x$ { return 200 beside; }
    return 200 app;
}
location ^~ /strong/ {
    location /strong/in/ { return 200 in; }
    return 200 strong;
}
location ~ /\.git { return 403 refused; }
location ~ \.x$ { return 200 outer; }
--- requests
GET /app/up/a = up
GET /app/up/.git 403 = refused
GET /app/up/a.x = outer
GET /app/a.x = beside
GET /app/.git 403 = refused
GET /strong/in/.git = in
GET /strong/a.x = strong

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

=== limit_except: which methods it excepts, as nginx answers them
--- origin one
* * 200
    | one
--- origin two
* * 200
    | two
--- config
location /a { limit_except GET { deny all; } return 200 a; }
location /b { limit_except HEAD { deny all; } proxy_pass http://$ORIGIN_one; }
location /c { limit_except POST PUT { allow 127.0.0.2; deny all; } proxy_pass http://$ORIGIN_one; }
location /d { deny all; limit_except GET { allow all; } proxy_pass http://$ORIGIN_one; }
location /e { satisfy any; limit_except GET { deny all; allow 127.0.0.1; } proxy_pass http://$ORIGIN_one; }
location /f { limit_except DELETE { deny all; } location /f/g { proxy_pass http://$ORIGIN_one; } proxy_pass http://$ORIGIN_one; }
location /h { limit_except GET { proxy_pass http://$ORIGIN_two; } proxy_pass http://$ORIGIN_one; }
location /i { limit_except PROPFIND OPTIONS PATCH { deny all; } proxy_pass http://$ORIGIN_one; }
--- requests
GET /a 200 = a
GET /b 403
GET /c 403
GET /d 403
GET /e 200 = one
GET /f 403
GET /f/g 200 = one
GET /h 200 = one
GET /i 403
HEAD /a 200
HEAD /b 200
HEAD /c 403
HEAD /d 403
HEAD /e 200
HEAD /f 403
HEAD /f/g 200
HEAD /h 200
HEAD /i 403
POST /a 403
POST /b 403
POST /c 200 = one
POST /d 200 = one
POST /e 403
POST /f 403
POST /f/g 200 = one
POST /h 200 = two
POST /i 403
PUT /a 403
PUT /b 403
PUT /c 200 = one
PUT /d 200 = one
PUT /e 403
PUT /f 403
PUT /f/g 200 = one
PUT /h 200 = two
PUT /i 403
DELETE /a 403
DELETE /b 403
DELETE /c 403
DELETE /d 200 = one
DELETE /e 403
DELETE /f 200 = one
DELETE /f/g 200 = one
DELETE /h 200 = two
DELETE /i 403
PATCH /a 403
PATCH /b 403
PATCH /c 403
PATCH /d 200 = one
PATCH /e 403
PATCH /f 403
PATCH /f/g 200 = one
PATCH /h 200 = two
PATCH /i 200 = one
PROPFIND /a 403
PROPFIND /b 403
PROPFIND /c 403
PROPFIND /d 200 = one
PROPFIND /e 403
PROPFIND /f 403
PROPFIND /f/g 200 = one
PROPFIND /h 200 = two
PROPFIND /i 200 = one
FOO /a 403
FOO /b 403
FOO /c 403
FOO /d 200 = one
FOO /e 403
FOO /f 403
FOO /f/g 200 = one
FOO /h 200 = two
FOO /i 403

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
