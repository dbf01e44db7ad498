# Requests that are passed on to programs by FastCGI: what programs are told, and what becomes of their answers.

=== parameters are those of the innermost level, and fields are parameters
--- http_config
fastcgi_param OUTER http;
--- config
location /a {
    fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param REQUEST_URI $request_uri;
    fastcgi_param EMPTY $arg_none;
    fastcgi_param LEFT_OUT $arg_none if_not_empty;
    fastcgi_param KEPT $arg_x if_not_empty;
    fastcgi_param HTTP_X_OWN own;
    fastcgi_pass $ORIGIN_f;
}
location /outer { fastcgi_pass $ORIGIN_f; }
location /none { fastcgi_pass_request_headers off; fastcgi_pass $ORIGIN_f; }
--- origin f
* * 200
    Content-Type: text/x
    | $HEAD [$BODY]
--- http1:raw_request
GET /a?x=y HTTP/1.1\r\n
Host: a.test\r\n
X-Two: 1\r\n
X-Own: client\r\n
Proxy: http://evil.test/\r\n
x-two: 2\r\n
Cookie: a=b\r\n
Cookie: c=d\r\n
Connection: close\r\n
\r\n
--- http1:raw_response_like
^HTTP/1.1 200 OK\r\n
Content-Type: text/x\r\n
REQUEST_METHOD: GET\r\nREQUEST_URI: /a\?x=y\r\nEMPTY: \r\nKEPT: y\r\nHTTP_X_OWN: own\r\nHTTP_HOST: a.test\r\nHTTP_X_TWO: 1, 2\r\nHTTP_COOKIE: a=b; c=d\r\nHTTP_CONNECTION: close \[\]
--- requests
GET /outer 200 ~ ^OUTER: http\r\nHTTP_HOST
GET /none 200 = OUTER: http []

=== fields that come to one parameter are one list
--- http_config
underscores_in_headers on;
--- config
location / { fastcgi_pass $ORIGIN_f; }
--- origin f
* * 200
    Content-Type: text/x
    | $HEAD [$BODY]
--- http1:raw_request
GET / HTTP/1.1\r\n
Host: a.test\r\n
X-Two: 1\r\n
X_Two: 2\r\n
Connection: close\r\n
\r\n
--- http1:raw_response_like
^HTTP/1.1 200 OK\r\n
Content-Type: text/x\r\n
HTTP_HOST: a.test\r\nHTTP_X_TWO: 1, 2\r\nHTTP_CONNECTION: close \[\]

=== bodies of known and unknown length
--- config
fastcgi_param LENGTH $content_length;
location /whole { fastcgi_pass $ORIGIN_f; }
location /stream { fastcgi_request_buffering off; fastcgi_pass $ORIGIN_f; }
location /without { fastcgi_pass_request_body off; fastcgi_pass $ORIGIN_f; }
location /large { client_max_body_size 1m; fastcgi_pass $ORIGIN_f; }
--- origin f
* * 200
    | $HEAD [$BODY]
--- requests
POST /whole 200 ~ ^LENGTH: 3\r\n(?s).*\[abc\]
    | abc
POST /stream 200 ~ ^LENGTH: 3\r\n(?s).*\[abc\]
    | abc
POST /without 200 ~ ^LENGTH: 3\r\n(?s).*\[\]
    | abc
POST /large 200 ~ ^LENGTH: 200000\r\n(?s).*\[x{200000}\]
    | <<x*200000>>
--- raw_request
POST /whole HTTP/1.1\r\n
Host: a\r\n
Transfer-Encoding: chunked\r\n
\r\n
3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n
POST /stream HTTP/1.1\r\n
Host: a\r\n
Transfer-Encoding: chunked\r\n
Connection: close\r\n
\r\n
3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n
--- raw_response_like
LENGTH: 7\r\n(?s).*\[abcdefg\].*LENGTH: 7\r\n(?s).*\[abcdefg\]

=== the status is said by a field, and a place alone is a redirect
--- config
fastcgi_param REQUEST_URI $request_uri;
location / { fastcgi_pass $ORIGIN_f; }
location /shown { fastcgi_pass_header Status; fastcgi_pass $ORIGIN_f; }
--- origin f
* /missing 404
    | gone
* /shown 500
    | gone
* /moved 200
    Location: /there
* /made 201
    Location: /there
    Date: own
    Server: own
    X-Accel-Charset: none
* /304 304
--- requests
GET /missing 404 = gone
GET /shown 500
--- response_headers
Status: 500 Scripted
--- requests
GET /moved 302
--- response_headers
Location: /there
!Status
--- requests
GET /made 201
--- response_headers
Location: /there
Date: own
Server: own
!X-Accel-Charset
!Status
--- requests
GET /304 304
HEAD /missing 404

=== a script and what of the path is for it
--- config
root /srv;
location / {
    fastcgi_index index.php;
    fastcgi_split_path_info ^(.+?\.php)(/.*)$;
    fastcgi_param SCRIPT $document_root$fastcgi_script_name;
    fastcgi_param INFO $fastcgi_path_info;
    fastcgi_pass_request_headers off;
    fastcgi_pass $ORIGIN_f;
}
location /plain {
    fastcgi_param SCRIPT $fastcgi_script_name;
    fastcgi_param INFO $fastcgi_path_info;
    fastcgi_pass_request_headers off;
    fastcgi_pass $ORIGIN_f;
}
location /returned { return 200 "$fastcgi_script_name"; }
--- origin f
* * 200
    | $HEAD
--- requests
GET /a/x.php/b/c.php?d 200 = SCRIPT: /srv/a/x.php\r\nINFO: /b/c.php
GET /a/x.php 200 = SCRIPT: /srv/a/x.php\r\nINFO: 
GET /a/ 200 = SCRIPT: /srv/a/index.php\r\nINFO: 
GET /plain/ 200 = SCRIPT: /plain/\r\nINFO: 
GET /returned/x 200 = /returned/x

=== errors have pages, other places answer, and others are asked
--- config
fastcgi_param REQUEST_URI $request_uri;
fastcgi_param STEP $arg_step;
location /error { fastcgi_intercept_errors on; error_page 404 /page; fastcgi_pass $ORIGIN_f; }
location /page { return 200 "page"; }
location /accel { fastcgi_pass $ORIGIN_f; }
location /inner { internal; return 200 "inner"; }
location /try { root $DIR; try_files $uri /fallback?step=last; }
location /fallback { fastcgi_pass $ORIGIN_f; }
location /guarded { auth_request /judge; try_files /none @in; }
location @in { return 200 "in"; }
location /judge { fastcgi_pass_request_body off; fastcgi_pass $ORIGIN_f; }
location /next { fastcgi_next_upstream http_503; fastcgi_pass both; }
--- http_config
upstream both { server $ORIGIN_bad; server $ORIGIN_f; }
--- origin f
* /error 404
    | own
* /accel 200
    X-Accel-Redirect: /inner
    Content-Type: text/x
* /try* 200
    | $HEAD
* /guarded?no 403
* /guarded* 204
* /next 200
    | good
--- origin bad
* * 503
--- requests
GET /error 404 = page
GET /accel 200 = inner
--- response_headers
Content-Type: text/x
!X-Accel-Redirect
--- requests
GET /try/x 200 ~ STEP: last
GET /guarded 200 = in
GET /guarded?no 403
GET /next 200 x2
GET /next 200 = good

=== messages go to the error log, and some of them are fatal
--- config
fastcgi_param REQUEST_URI $request_uri;
location / { fastcgi_catch_stderr "PHP Fatal"; fastcgi_pass $ORIGIN_f; }
--- origin f
* /notice 200
    Stderr: PHP Notice: odd
    | fine
* /fatal 200
    Stderr: PHP Fatal: out of everything
    | lost
--- requests
GET /notice 200 = fine
GET /fatal 502
--- log
FastCGI sent in stderr: "PHP Notice: odd" while reading response header from upstream, client: .*upstream: "fastcgi://127.0.0.1:\d+"
FastCGI sent in stderr: "PHP Fatal: out of everything" while reading response header

=== connections are used again where both sides are told to
--- http_config
upstream kept { server $ORIGIN_f; keepalive 4; zone z 64k; }
upstream fresh { server $ORIGIN_f; keepalive 4; zone y 64k; }
--- config
fastcgi_param REQUEST_URI $request_uri;
location /kept { fastcgi_keep_conn on; fastcgi_pass kept; add_header X-Connect $upstream_connect_time; add_header X-Sent $upstream_bytes_received; }
location /fresh { fastcgi_pass fresh; }
--- origin f
* /kept/long 200
    Content-Length: 4
    | abcd
* * 200
    | $BODY!
--- requests
GET /kept 200 = !
POST /kept 200 = <<x*100>>!
    | <<x*100>>
GET /kept/long 200 = abcd
HEAD /kept/long 200
GET /kept 200 = !
GET /fresh 200 = !
GET /fresh 200 = !
--- json_like /status/http/upstreams/kept/
{"peers": {"$ORIGIN_f": {"selected": {"current": 0, "total": 5}, "health": {"fails": 0}, "data": {"sent": 484, "received": 440}}}}

=== answers are read as the program means them
--- config
fastcgi_param REQUEST_URI $request_uri;
location / { fastcgi_buffer_size 4k; fastcgi_pass $ORIGIN_f; }
--- origin f
* /length 200
    Content-Length: 3
    | abcdef
* /chunked 200
    Transfer-Encoding: chunked
    Connection: close
    | 3
* /odd 200
    Content-Length: x
* /head 200
    X-A: <<x*5000>>
* /closed close
--- requests
GET /length 200 = abc
GET /chunked 200 = 3
GET /odd 502
GET /head 502
GET /closed 502
--- log
upstream sent contradictory or unknown framing while reading response header
upstream sent too big header while reading response header
upstream prematurely closed connection while reading response header from upstream

=== an address needs a port, and has no path
--- config
location /a { fastcgi_pass localhost; }
location /b { fastcgi_pass 127.0.0.1:9000/x; }
location /c { fastcgi_pass fastcgi://127.0.0.1:9000; }
location /d { fastcgi_param A b c; }
location /e { fastcgi_split_path_info ^(.+)$; fastcgi_pass 127.0.0.1:9000; }
--- error_like
no port in upstream "localhost" in config:1
"fastcgi_pass" cannot have URI part in config:2
invalid URL prefix in config:3
invalid parameter "c" in config:4
pattern "\^\(\.\+\)\$" must have captures in config:5

=== a host that only a request names
--- config
location /to/ { fastcgi_param REQUEST_URI $request_uri; set $to $arg_to; fastcgi_pass $to; }
--- origin f
* * 200
    | here
--- requests
GET /to/?to=$ORIGIN_f 200 = here
GET /to/?to=localhost 500
--- log
no port in upstream "localhost"
