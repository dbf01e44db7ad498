# on=request, on=response, on=end: which location's metrics run, once each, for every way a request can end.

=== return in a location
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z q on=request; metric z p on=response; metric z e; metric z "s$status"; return 201 x; }
--- requests
GET /q 201
--- json /status/http/metric_zones/z/metrics
{"q": 1, "p": 1, "e": 1, "s201": 1}

=== access denied
--- http_config
metric_zone z:64k count;
--- config
location /q { deny all; metric z q on=request; metric z p on=response; metric z "e$status"; }
--- requests
GET /q 403
--- json /status/http/metric_zones/z/metrics
{"q": 1, "p": 1, "e403": 1}

=== a file that is not there
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z q on=request; metric z p on=response; metric z "e$status"; }
--- requests
GET /q/none 404
--- json /status/http/metric_zones/z/metrics
{"q": 1, "p": 1, "e404": 1}

=== a static file
--- file html/q/file.txt
content
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z q on=request; metric z p$status on=response; metric z "e$status"; }
--- requests
GET /q/file.txt
--- json /status/http/metric_zones/z/metrics
{"q": 1, "p200": 1, "e200": 1}

=== closed without an answer
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z q$status on=request; metric z p$status on=response; metric z "e$status"; return 444; }
--- requests
GET /q close
--- wait /status/http/metric_zones/z/metrics
{"q444": 1, "p444": 1, "e444": 1}

=== the client leaves while the origin thinks
--- origin slow
* * 200 delay=2
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z q on=request; metric z p on=response; metric z "e$status"; proxy_pass http://$ORIGIN_slow; }
--- raw_request
GET /q HTTP/1.1\r\nHost: a\r\n\r\n
--- wait /status/http/metric_zones/z/metrics
{"q": 1}
--- raw_close
--- wait /status/http/metric_zones/z/metrics
{"q": 1, "p": 1, "e499": 1}

=== the origin is not there
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z q on=request; metric z p on=response; metric z "e$status"; proxy_pass http://127.0.0.1:$PORT2; }
--- requests
GET /q 502
--- json /status/http/metric_zones/z/metrics
{"q": 1, "p": 1, "e502": 1}

=== a proxied answer
--- origin o
* * 200
    | hello
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z q on=request; metric z p$status on=response; metric z "e$status"; proxy_pass http://$ORIGIN_o; }
--- requests
GET /q = hello
--- json /status/http/metric_zones/z/metrics
{"q": 1, "p200": 1, "e200": 1}

=== try_files to a named location
# The redirect comes after the pre-content point: the original's request stage has run.
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z q1 on=request; metric z p1 on=response; metric z e1; try_files /none @n; }
location @n { metric z q2 on=request; metric z p2 on=response; metric z e2; return 200 n; }
--- requests
GET /q = n
--- json /status/http/metric_zones/z/metrics
{"q1": 1, "p2": 1, "e2": 1}

=== a directory index
--- file html/d/index.html
index
--- http_config
metric_zone z:64k count;
--- config
location /d/ { metric z q1 on=request; metric z e1; }
location = /d/index.html { metric z q2 on=request; metric z p2 on=response; metric z e2; }
--- requests
GET /d/ = index\n
--- json /status/http/metric_zones/z/metrics
{"q1": 1, "p2": 1, "e2": 1}

=== an upstream error intercepted by error_page
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z q1 on=request; metric z e1; error_page 502 @n; proxy_pass http://127.0.0.1:$PORT2; }
location @n { metric z q2 on=request; metric z p2 on=response; metric z e2; return 200 n; }
--- requests
GET /q any = n
--- json /status/http/metric_zones/z/metrics
{"q1": 1, "p2": 1, "e2": 1}

=== return with an error page
# The redirect comes before the pre-content point: nothing of the original counts.
--- http_config
metric_zone z:64k count;
--- config
error_page 418 = @n;
location /q { metric z q1 on=request; metric z e1; return 418; }
location @n { metric z q2 on=request; metric z p2 on=response; metric z e2; return 200 n; }
--- requests
GET /q = n
--- json /status/http/metric_zones/z/metrics
{"q2": 1, "p2": 1, "e2": 1}

=== deny with an error page
--- http_config
metric_zone z:64k count;
--- config
location /q { error_page 403 = @n; deny all; metric z q1 on=request; metric z e1; }
location @n { metric z q2 on=request; metric z p2 on=response; metric z e2; return 200 n; }
--- requests
GET /q = n
--- json /status/http/metric_zones/z/metrics
{"q2": 1, "p2": 1, "e2": 1}

=== rewrite to another location
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z q1 on=request; metric z e1; rewrite ^ /n last; }
location /n { metric z q2 on=request; metric z p2 on=response; metric z e2; return 200 n; }
--- requests
GET /q = n
--- json /status/http/metric_zones/z/metrics
{"q2": 1, "p2": 1, "e2": 1}

=== the original had no request stage, so the target's runs
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z e1; try_files /none @n; }
location @n { metric z q2 on=request; metric z e2; return 200 n; }
--- requests
GET /q = n
--- json /status/http/metric_zones/z/metrics
{"q2": 1, "e2": 1}

=== malformed requests count at the server
--- http
metric_zone z:64k count;
server {
    listen 80;
    metric z q on=request;
    metric z p on=response;
    metric z "e$status";
    location / { metric z location; return 204; }
}
server {
    listen 8080;
    location / { api /status/http/metric_zones/z/metrics; }
}
--- raw_request
GE\x01T / HTTP/1.1\r\n\r\n
--- raw_response_like
^HTTP/1\.1 400
--- wait :$PORT2/
{"q": 1, "p": 1, "e400": 1}
--- raw_request
GET / HTTP/1.1\r\n\r\n
--- raw_response_like
^HTTP/1\.1 400
--- wait :$PORT2/
{"q": 2, "p": 2, "e400": 2}
--- raw_request
GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
^HTTP/1\.1 400
--- wait :$PORT2/
{"q": 3, "p": 3, "e400": 3}
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n
--- raw_response_like
^HTTP/1\.1 400
--- wait :$PORT2/
{"q": 4, "p": 4, "e400": 4}
--- raw_request
TRACE / HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
^HTTP/1\.1 405
--- wait :$PORT2/
{"q": 5, "p": 5, "e400": 4, "e405": 1}
--- raw_request half-closed
GET / HTTP/1.1\r\nHost: a
--- raw_response

--- wait :$PORT2/
{"q": 6, "p": 6, "e400": 5, "e405": 1}

=== a connection without any byte counts nothing
--- http
metric_zone z:64k count;
metric z any;
server { listen 80; location / { return 204; } }
server { listen 8080; location / { metric z seen; api /status/http/metric_zones/z/metrics; } }
--- raw_request half-closed

--- raw_response

--- requests
GET :$PORT2/
--- json :$PORT2/
{"seen": 1}

=== HEAD, unknown methods, keep-alive
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z q on=request; metric z p on=response; metric z $request_method; return 200 x; }
--- requests
HEAD /q
BREW /q
GET /q x3
--- json /status/http/metric_zones/z/metrics
{"q": 5, "p": 5, "HEAD": 1, "BREW": 1, "GET": 3}

=== pipelined requests count each
--- http_config
metric_zone z:64k count;
--- config
location /q { metric z $arg_n on=request; metric z e; return 200 x; }
--- raw_request
GET /q?n=1 HTTP/1.1\r\nHost: a\r\n\r\nGET /q?n=2 HTTP/1.1\r\nHost: a\r\n\r\nGET /q?n=3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)200 OK.*200 OK.*200 OK.*close
--- wait /status/http/metric_zones/z/metrics
{"1": 1, "2": 1, "3": 1, "e": 3}
