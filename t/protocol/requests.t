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
