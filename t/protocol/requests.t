# What is taken for a request, and for which one: two readers of a connection must never disagree.

=== bodies whose end is ambiguous
--- config
location / { return 200 "served"; }
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
^HTTP/1.1 400

=== hosts
--- http
server { listen 80; location / { return 200 "default:$host"; } }
server { listen 80; server_name other; location / { return 200 "other:$host"; } }
--- raw_request
GET http://other/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
other:other
--- raw_request
GET http://other/ HTTP/1.1\r\nHost: a b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nHost: other\r\n\r\n
--- raw_response_like
^HTTP/1.1 400

=== hosts that are none
--- config
location / { return 200 "host:$host"; }
--- raw_request
GET / HTTP/1.1\r\nHost: \r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: .\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: ..\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a..\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a..b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: .a\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a:x\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a:-1\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: [::1\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: []\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a/b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a@b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a.\r\nConnection: close\r\n\r\n
--- raw_response_like
host:a$
--- raw_request
GET / HTTP/1.1\r\nHost: A:80\r\nConnection: close\r\n\r\n
--- raw_response_like
host:a$
--- raw_request
GET / HTTP/1.1\r\nHost: a:\r\nConnection: close\r\n\r\n
--- raw_response_like
host:a$
--- raw_request
GET / HTTP/1.1\r\nHost: a:65535\r\nConnection: close\r\n\r\n
--- raw_response_like
host:a$
--- raw_request
GET / HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\n\r\n
--- raw_response_like
host:\[::1\]$
--- raw_request
GET / HTTP/1.1\r\nHost: a_b\r\nConnection: close\r\n\r\n
--- raw_response_like
host:a_b$

=== an asterisk is for OPTIONS only
--- config
location / { return 200 "served $request_method $uri"; }
--- raw_request
OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
served OPTIONS /
--- raw_request
GET * HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
^HTTP/1.1 400

=== versions
--- config
location / { return 200 "served $server_protocol"; }
--- raw_request
GET / HTTP/1.2\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
served HTTP/1.1
--- raw_request
PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
GET / HTTP/2.0\r\n\r\n
--- raw_response_like
^HTTP/1.1 505
--- raw_request
GET /\r\n
--- raw_response_like
^HTTP/1.1 400

=== a client of old changes its mind
--- config
location / { return 200 served; }
--- raw_request
GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n
--- raw_response_like
^Connection: close

=== no field is broken, whatever a variable holds
--- config
location / { add_header X-Path $uri; return 200 served; }
location /go { return 301 $uri; }
--- requests
GET /a%0d%0aSet-Cookie:b%01%7f%09%ff = served
--- response_headers
X-Path: ~^/a  Set-Cookie:b  \t.+$
!Set-Cookie
--- requests
POST /a%0d%0aSet-Cookie:b%01%7f = served
    | body
--- response_headers
X-Path: /a  Set-Cookie:b
!Set-Cookie
--- requests
GET /go%0d%0aSet-Cookie:b 301
--- response_headers
Location: ~/go  Set-Cookie:b$
!Set-Cookie

=== told to go on, a connection goes on
--- origin o
* * 200
    | answer
--- config
location / { proxy_pass http://$ORIGIN_o; }
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)^HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200.*answer.*HTTP/1.1 200.*answer

=== the authority of an absolute target is the host
--- origin o
* * 200
    | $HEAD
--- http
server { listen 80; server_name a; location / { return 200 "wrong"; } }
server { listen 80; server_name other;
location / { return 200 "host:$host field:$http_host args:$args uri:$uri target:$request_uri"; }
location /go { return 302 /there; }
location /dir/ { proxy_pass http://$ORIGIN_o; }
location /in { rewrite ^ /again last; } }
server { listen 80; server_name p; location / { proxy_pass http://$ORIGIN_o; } }
--- raw_request
GET http://Other:81/x?y=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
host:other field:a args:y=1 uri:/x target:/x\?y=1$
--- raw_request
GET http://other?y=/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
host:other field:a args:y=/1 uri:/ target:/\?y=/1$
--- raw_request
GET http://other/in?y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
host:other field:a args:y uri:/again target:/in\?y$
--- raw_request
GET http://other HTTP/1.0\r\nConnection: close\r\n\r\n
--- raw_response_like
host:other field: args: uri:/ target:/$
--- raw_request
GET http://other:81/go HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
^Location: http://other:81/there
--- raw_request
GET https://other/dir?x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
^Location: http://other/dir/\?x
--- raw_request
GET http://p?y=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
^GET /\?y=1 HTTP
--- raw_request
GET http:///x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
GET http://u@other/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
GET http://other#f HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
GET http://other:x/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
GET http://o..r/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
GET other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
GET ?y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
GET 1h://other/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- raw_request
GET http://other/ HTTP/1.1\r\n\r\n
--- raw_response_like
^HTTP/1.1 400

=== fields with odd names are dropped
--- origin o
* * 200
    | $HEAD
--- config
location / { proxy_pass http://$ORIGIN_o; }
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nX(Y): 1\r\nX/Y: 2\r\nX@: 3\r\nX[1]: 4\r\n\xe9X: 5\r\n"x": 6\r\nX_Y: 7\r\nX!: 8\r\nX{: 9\r\nX-Good: 10\r\nX-None\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)^HTTP/1.1 200.*Connection: close\r?\nX-Good: 10\r?\nX-None: ?\r?\n?$

=== fields with odd names are passed on where they are wanted
--- http1_only such names are none
--- origin o
* * 200
    | $HEAD
--- http_config
ignore_invalid_headers off;
upstream kept { server $ORIGIN_o; keepalive 4; }
--- config
location / { proxy_pass http://$ORIGIN_o; }
location /kept { proxy_http_version 1.1; proxy_pass http://kept; }
location /none { proxy_pass_request_headers off; proxy_pass http://$ORIGIN_o; }
location /variable { return 200 "[$http_x_y]"; }
--- requests
GET / ~ (?s)^GET / HTTP/1.1\s+Host:.*\s+X\(Y\): 1\s+X/Z: 2\s+X-Y: 3\s+X!Y: 4
    X(Y): 1
    X/Z: 2
    X-Y: 3
    X!Y: 4
POST /kept ~ (?s)^POST /kept HTTP/1.1\s+Host:.*\s+@\[\]: 1
    @[]: 1
    | body
GET /kept ~ (?s)^GET /kept HTTP/1.1\s+Host:((?!@).)*$
GET /kept ~ (?s)^GET /kept HTTP/1.1\s+Host:.*\s+\(\):
    ():
GET /none ~ (?s)^GET /none HTTP/1.1\s+Host:((?!X\().)*$
    X(Y): 1
GET /variable = [1]
    X_Y: 1

=== names that could be read in two ways are refused
--- config
ignore_invalid_headers off;
location / { return 200 served; }
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\n X: 1\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\n\tX: 1\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nX\x00: 1\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nX\x7f: 1\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nX\x01: 1\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close

=== underscores in names
--- config
location / { return 200 "[$http_x_y]"; }
--- requests
GET / = []
    X_Y: 1
GET / = [1]
    X-Y: 1

=== underscores in names, allowed
--- http_config
underscores_in_headers on;
--- config
location / { return 200 "[$http_x_y]"; }
--- requests
GET / = [1]
    X_Y: 1

=== what a request has once is refused twice
--- config
location / { return 200 served; }
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nAuthorization: b\r\nX: y\r\nauthorization: b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nIf-Match: b\r\nX: y\r\nif-match: b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nIf-Modified-Since: b\r\nX: y\r\nif-modified-since: b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: b\r\nX: y\r\nif-none-match: b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nIf-Range: b\r\nX: y\r\nif-range: b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nIf-Unmodified-Since: b\r\nX: y\r\nif-unmodified-since: b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nContent-Range: b\r\nX: y\r\ncontent-range: b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nExpect: b\r\nX: y\r\nexpect: b\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nRange: b\r\nRange: b\r\nCookie: b\r\nCookie: b\r\nConnection: close\r\n\r\n
--- raw_response_like
^HTTP/1.1 200

=== codings that are not known
--- http_config
log_format short "$status $host $uri";
access_log $DIR/access.log short;
--- config
location / { return 200 served; }
--- raw_request
POST /x HTTP/1.1\r\nHost: other\r\nTransfer-Encoding: foo\r\n\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 501
^Connection: close
--- raw_request
POST /x HTTP/1.1\r\nHost: other\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 501
^Connection: close
--- raw_request
POST /x HTTP/1.1\r\nHost: other\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 501
^Connection: close
--- raw_request
POST /x HTTP/1.1\r\nHost: other\r\nTransfer-Encoding: \r\n\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 501
^Connection: close
--- raw_request
POST /x HTTP/1.1\r\nHost: other\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 501
^Connection: close
--- raw_request
POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
--- file_like access.log
^501 other /x$

=== methods that are not for us
--- config
location / { return 200 served; }
--- raw_request
CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
(?s)\AHTTP/1.1 405.*Connection: close\r\n\r\n<html>[^H]*\z
--- raw_request
CONNECT / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
(?s)\AHTTP/1.1 405.*Connection: close\r\n\r\n<html>[^H]*\z
--- raw_request
TRACE / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
(?s)\AHTTP/1.1 405.*Connection: close\r\n\r\n<html>[^H]*\z

=== chunks that are none
--- origin o
* * 200
    | answer
--- config
location / { return 200 served; }
location /p { proxy_pass http://$ORIGIN_o; }
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n;x=y\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n \r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n;\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nb\r\nabc\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3x\r\nabc\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: 1\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;<<x*20000>>\r\nabc\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n<<T: 1\r\n*4000>>\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n;x=y\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n \r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n;\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nb\r\nabc\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3x\r\nabc\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: 1\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;<<x*20000>>\r\nabc\r\n0\r\n\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n<<T: 1\r\n*4000>>\r\n
--- raw_response_like
^HTTP/1.1 400
^Connection: close
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: Chunked\r\n\r\n003;x="y"\r\nabc\r\n1 \r\nx\r\n0 ;z\r\nT: 1\r\nU: 2\r\n\r\n
--- raw_response_like
served
--- raw_request
POST /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: Chunked\r\n\r\n003;x="y"\r\nabc\r\n1 \r\nx\r\n0 ;z\r\nT: 1\r\nU: 2\r\n\r\n
--- raw_response_like
answer

=== what a chunk announces is too much before it has come
--- origin o
* * 200
--- http_config
metric_zone z:64k gauge;
client_max_body_size 1m;
--- config
location / { proxy_pass http://$ORIGIN_o; }
location /unbuffered { proxy_request_buffering off; proxy_pass http://$ORIGIN_o; }
location /push/ { metric_push z create=on; }
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\nabc
--- raw_response_like
^HTTP/1.1 413
--- raw_request
POST /unbuffered HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n100000\r\n
--- raw_response_like
^HTTP/1.1 413
--- raw_request
PUT /push/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n1
--- raw_response_like
^HTTP/1.1 413
--- raw_request
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc
--- raw_response_like
^HTTP/1.1 400

=== an answer does not wait for the body
--- config
root $DIR/html;
location /text { return 200 served; }
location /denied { deny all; }
location /go { return 302 /there; }
--- raw_request
POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc
--- raw_response_like
(?s)^HTTP/1.1 200.*Connection: keep-alive.*served
--- raw_request
POST /denied HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab
--- raw_response_like
^HTTP/1.1 403
--- raw_request
PUT /none HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nabc
--- raw_response_like
^HTTP/1.1 405
--- raw_request
GET /none HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc
--- raw_response_like
^HTTP/1.1 404
--- raw_request
POST /go HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n
--- raw_response_like
(?s)\AHTTP/1.1 302.*Connection: close
--- raw_request
POST /go HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabcGET /text HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)\AHTTP/1.1 302.*Connection: keep-alive.*HTTP/1.1 200.*served

=== bytes of a body are those behind the head
--- origin o
* * 200
    | hello
--- http_config
log_format short "$request_method $uri $status $body_bytes_sent";
access_log $DIR/access.log short;
--- config
location /text { return 200 hello; }
location /p { proxy_pass http://$ORIGIN_o/; }
--- requests
GET /text
HEAD /text
GET /p
HEAD /p
POST /p
    Expect: 100-continue
    | body
--- file_like access.log
^GET /text 200 5$
^HEAD /text 200 0$
^GET /p 200 5$
^HEAD /p 200 0$
^POST /p 200 5$
