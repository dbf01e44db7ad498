# add_before_body, add_after_body, addition_types: bodies of other places around a body, as Debian's nginx has them.

=== around files and what is made here, and what it does to the head
--- file html/a.html
page
--- file html/a.txt
text
--- file html/before
<i>head</i>
--- config
default_type text/html;
root $DIR/html;
add_before_body /before;
add_after_body /after;
location = /after { return 200 "foot $request_method $request_uri $uri\n"; }
location /made { return 200 "made\n"; }
location /empty { return 200 ""; }
location /none { add_before_body ""; add_after_body ""; return 200 "alone\n"; }
location /behind { add_before_body ""; return 200 "made\n"; }
location /204 { return 204; }
location /404 { return 404 "none\n"; }
location /301 { return 301 /x; }
location /text { addition_types text/plain; default_type text/plain; return 200 "text\n"; }
location /all { addition_types *; default_type a/b; return 200 "ab\n"; }
--- requests
GET /a.html 200 = <i>head</i>\npage\nfoot GET /a.html /after\n
--- response_headers
!Content-Length
!Accept-Ranges
Transfer-Encoding: chunked
ETag: ~^W/".*"$
Last-Modified: ~GMT$
--- requests
GET /a.html 200 = <i>head</i>\npage\nfoot GET /a.html /after\n
    Range: bytes=0-2
HEAD /a.html 200
--- response_headers
!Content-Length
!Transfer-Encoding
ETag: ~^W/".*"$
--- requests
GET /a.txt 200 = text\n
--- response_headers
Content-Length: 5
Accept-Ranges: bytes
--- requests
GET /made = <i>head</i>\nmade\nfoot GET /made /after\n
POST /made = <i>head</i>\nmade\nfoot POST /made /after\n
    | body
GET /empty = <i>head</i>\nfoot GET /empty /after\n
GET /none = alone\n
--- response_headers
Content-Length: 6
--- requests
GET /behind = made\nfoot GET /behind /after\n
GET /204 204
GET /404 404 = none\n
GET /301 301 ~ ^<html>\r\n<head><title>301[\s\S]*</html>\r\n$
GET /text = <i>head</i>\ntext\nfoot GET /text /after\n
GET /all = <i>head</i>\nab\nfoot GET /all /after\n
--- raw_request
GET /made HTTP/1.0\r\nConnection: keep-alive\r\n\r\n
--- raw_response_like
^HTTP/1.1 200 OK\r\n[\s\S]*Connection: close\r\n\r\n<i>head</i>\nmade\nfoot GET /made /after\n$

=== around what an origin says, and what an origin adds
--- origin o
GET /page 200
    Content-Type: text/html
    ETag: "x"
    Accept-Ranges: bytes
    | page
GET /part 206
    Content-Type: text/html
    Content-Range: bytes 0-3/100
    | part
GET /fields 200
    X-Sub: 1
    | $HEAD
GET /304 304
    ETag: "x"
HEAD /page 200
    Content-Type: text/html
    Content-Length: 4
* * 200
    | other
--- config
proxy_set_header Host o;
location /p/ { add_before_body /b; add_after_body /a; proxy_pass http://$ORIGIN_o/; }
location /f { add_after_body /fields; return 200 "made\n"; default_type text/html; }
location /b { sub_filter_types *; sub_filter other OTHER; proxy_pass http://$ORIGIN_o/b; }
location /a { proxy_pass http://$ORIGIN_o/a; }
location /s { add_after_body /status/; default_type text/html; return 200 "made\n"; }
location /fields { proxy_pass http://$ORIGIN_o/fields; }
--- requests
GET /p/page 200 = OTHERpageother
--- response_headers
!Content-Length
!Accept-Ranges
!X-Sub
ETag: W/"x"
--- requests
HEAD /p/page 200
--- response_headers
!Content-Length
--- requests
GET /p/part 206 = part
GET /p/304 304
POST /p/page 200 = other
    | body
GET /s 200 ~ ^made\n\{[\s\S]*"connections"[\s\S]*\}
GET /f 200 ~ (?i)\Amade\nGET /fields HTTP/1.1\r\nHost: o\r\nConnection: close\r\nx: y\z
    X: y
    Range: bytes=0-1
    If-None-Match: "x"
    if-modified-since: Sun, 06 Nov 1994 08:49:37 GMT

=== whatever is answered is added, and access rules do not matter
--- file html/x
x
--- config
default_type text/html;
location /a { add_before_body /404; add_after_body /301; return 200 "made\n"; }
location /b { add_before_body /denied; add_after_body /204; return 200 "made\n"; }
location /c { add_before_body /502; return 200 "made\n"; }
location /d { add_before_body /page; return 200 "made\n"; }
location /e { add_before_body made; add_after_body /denied?x=y; return 200 "made\n"; }
location /301 { return 301 /x; }
location /denied { deny all; return 200 "allowed $args $uri\n"; }
location /204 { return 204; }
location /502 { proxy_pass http://127.0.0.1:9; }
location /page { error_page 404 /denied; return 404; }
--- requests
GET /a 200 ~ ^<html>\r\n<head><title>404 Not Found[\s\S]*</html>\r\nmade\n<html>\r\n<head><title>301[\s\S]*</html>\r\n$
GET /b 200 = allowed  /denied\nmade\n
GET /c 200 ~ ^<html>\r\n<head><title>502[\s\S]*</html>\r\nmade\n$
GET /d 200 = allowed  /denied\nmade\n
GET /e 200 ~ ^<html>\r\n<head><title>404[\s\S]*</html>\r\nmade\nallowed  /denied\?x=y\n$

=== what is not whole breaks the response off
--- origin o
GET /half 200
    Content-Type: text/html
    Content-Length: 99
    | half
GET /whole 200
    Content-Type: text/html
    | whole
--- config
default_type text/html;
location /a { add_after_body /444; return 200 "made\n"; }
location /b { add_before_body /half; return 200 "made\n"; }
location /c { add_before_body /half; proxy_pass http://$ORIGIN_o/whole; }
location /d { add_after_body /half; proxy_pass http://$ORIGIN_o/whole; }
location /444 { return 444; }
location /half { proxy_pass http://$ORIGIN_o/half; }
--- raw_request
GET /a HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
\r\n\r\n(5\r\nmade\n\r\n)?$
--- raw_request
GET /b HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
\r\n\r\n(4\r\nhalf\r\n)?$
--- raw_request
GET /c HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
\r\n\r\n4\r\nhalf(\r\n)?$
--- raw_request
GET /d HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
\r\n\r\n(9\r\nwholehalf|5\r\nwhole\r\n4\r\nhalf)(\r\n)?$
--- log
what is added to a response broke off, client: .* subrequest: "/444"

=== nothing is added to what is added; variables are shared; other filters
--- config
default_type text/html;
gzip on;
gzip_min_length 1;
location /loop { add_before_body /loop; add_after_body /loop; return 200 "loop\n"; }
location /sub {
    sub_filter head HHH;
    sub_filter main MMM;
    add_before_body /own;
    add_after_body /head;
    return 200 "main head\n";
}
location /own { sub_filter head XXX; add_before_body /head; return 200 "head\n"; }
location /head { return 200 "head\n"; }
location /set { set $a main; add_before_body /assign; add_after_body /show; return 200 "main $a $uri\n"; }
location /assign { set $a sub; return 200 "sub $a $uri\n"; }
location /show { add_header X-Not 1; return 200 "show $a\n"; }
--- requests
GET /loop = loop\nloop\nloop\n
GET /sub = XXX\nMMM HHH\nhead\n
GET /set = sub sub /assign\nmain main /set\nshow sub\n
--- response_headers
!X-Not
--- requests
GET /sub
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
--- requests
GET /head
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip

=== where it counts
--- http_config
metric_zone asked:32k count;
log_format sub '$uri $status';
server {
    listen 8080;
    status_zone added;
    default_type text/html;
    access_log $DIR/sub.log sub;
    metric asked $uri;
    location / { add_before_body /logged; add_after_body /quiet; return 200 "made\n"; }
    location /logged { log_subrequest on; return 200 "logged\n"; }
    location /quiet { return 404; }
}
--- requests
GET :$PORT2/ 200
GET :$PORT2/x 200
--- json /status/http/metric_zones/asked/metrics/
{
  "/": 1,
  "/x": 1
}
--- json_like /status/http/server_zones/added/requests/
{"total": 2}
--- file_like sub.log
^/logged 200\n/ 200\n/logged 200\n/x 200\n$

=== what cannot be said
--- config
add_before_body /a;
add_before_body /b;
add_after_body;
addition_types text/html;
addition_types;
--- error
pingauge: [emerg] "add_before_body" directive is duplicate in config:2
   2 | add_before_body /b;
     | ^^^^^^^^^^^^^^^
pingauge: [emerg] invalid number of arguments in "add_after_body" directive in config:3
   3 | add_after_body;
     | ^^^^^^^^^^^^^^^
     help: syntax: add_after_body URI;
pingauge: [warn] duplicate MIME type "text/html" in config:4
   4 | addition_types text/html;
     |                ^^^^^^^^^
pingauge: [emerg] invalid number of arguments in "addition_types" directive in config:5
   5 | addition_types;
     | ^^^^^^^^^^^^^^^
     help: syntax: addition_types TYPE ...; or addition_types *;
