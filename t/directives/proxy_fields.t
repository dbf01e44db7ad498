# What is changed on the way: methods, fields, bodies, redirects.

=== methods, fields and bodies that peers do not get
--- origin o
* * 200
    | $HEAD
--- config
location /method { proxy_method PURGE; proxy_pass http://$ORIGIN_o; }
location /bare { proxy_pass_request_headers off; proxy_pass http://$ORIGIN_o; }
location /body { proxy_pass_request_body off; proxy_pass http://$ORIGIN_o; }
location /old { proxy_http_version 1.0; proxy_pass http://$ORIGIN_o; }
--- requests
GET /method
--- response_body_like
^PURGE /method HTTP/1.1
--- requests
GET /bare
    X-A: b
--- response_body_like
(?s)\AGET /bare HTTP/1.1(?!.*X-A)
--- requests
POST /body
    | hello
--- response_body_like
^Content-Length: 0\r?$
--- requests
GET /old
--- response_body_like
^GET /old HTTP/1.0

=== a body that one origin does not get is still there for the next
--- origin o
* * 500
--- origin p
* * 200
    | $BODY
--- config
location / {
    proxy_pass_request_body off;
    proxy_intercept_errors on;
    error_page 500 = @next;
    proxy_pass http://$ORIGIN_o;
}
location @next { proxy_pass http://$ORIGIN_p; }
--- requests
POST /
    | hello
--- response_body
hello

=== fields that a client names in any of its Connection fields are not passed on
--- http1_only there are no Connection fields
--- origin o
* * 200
    | $HEAD
--- config
location / { proxy_pass http://$ORIGIN_o; }
--- requests
GET /
    Connection: keep-alive
    Connection: X-Secret
    X-Secret: a
    X-Open: b
--- response_body_like
(?s)\AGET / HTTP/1.1(?!.*X-Secret).*X-Open: b

=== fields of responses
--- origin o
* * 200
    Server: theirs
    X-Secret: a
    X-Accel-Expires: 5
    X-Other: b
--- config
location / { proxy_pass http://$ORIGIN_o; }
location /changed { proxy_hide_header X-Secret; proxy_pass_header Server; proxy_pass http://$ORIGIN_o; }
--- requests
GET /
--- response_headers
Server: ~^pingauge
X-Secret: a
!X-Accel-Expires
--- requests
GET /changed
--- response_headers
Server: theirs
!X-Secret
X-Other: b

=== redirects
--- origin o
* * 302
    Location: http://e/there/x
--- http_config
upstream e { server $ORIGIN_o; }
--- config
location /here/ { proxy_pass http://e/there/; }
location /off/ { proxy_redirect off; proxy_pass http://e/there/; }
location /text/ { proxy_redirect http://e/ http://elsewhere/; proxy_pass http://e/; }
location /regex/ { proxy_redirect ~/(\w+)/x$ http://$1/; proxy_pass http://e/; }
--- requests
GET /here/ 302
    Host: site
--- response_headers
Location: http://site/here/x
--- requests
GET /off/ 302
--- response_headers
Location: http://e/there/x
--- requests
GET /text/ 302
--- response_headers
Location: http://elsewhere/there/x
--- requests
GET /regex/ 302
--- response_headers
Location: http://there/

=== a Refresh leads to the location, as a path
--- origin o
* * 200
    Refresh: 5; url=http://e/there/x
--- http_config
upstream e { server $ORIGIN_o; }
--- config
location /here/ { proxy_pass http://e/there/; }
--- requests
GET /here/
--- response_headers
Refresh: 5; url=/here/x

=== where a URI cannot be
--- http_config
upstream e { server 127.0.0.1:1; }
--- config
location ~ x { proxy_pass http://e/uri; }
location @n { proxy_pass http://e/; }
location /if { if ($arg_a) { proxy_pass http://e/zz; } }
--- error_like
^pingauge: \[emerg\] (?=.*"proxy_pass")(?=.*regular expression).* in config:1$
^pingauge: \[emerg\] (?=.*"proxy_pass")(?=.*named location).* in config:2$
^pingauge: \[emerg\] (?=.*"proxy_pass")(?=.*"if").* in config:3$

=== a client that leaves
--- origin slow
* * 200 delay=3
--- http_config
metric_zone z:64k count;
--- config
location / { metric z $status on=end; proxy_pass http://$ORIGIN_slow; }
location /patient { metric z p$upstream_status on=end; proxy_ignore_client_abort on; proxy_pass http://$ORIGIN_slow; }
--- raw_request
GET /a HTTP/1.1\r\nHost: a\r\n\r\n
--- wait 0.2
--- raw_close
--- wait /status/http/metric_zones/z/metrics
{"499": 1}
--- raw_request
GET /patient HTTP/1.1\r\nHost: a\r\n\r\n
--- wait 0.2
--- raw_close
--- wait /status/http/metric_zones/z/metrics
{"499": 1, "p200": 1}

=== a field that is set twice is sent twice
--- origin o
* * 200
    | $HEAD
--- http_config
upstream kept { server $ORIGIN_o; keepalive 4; }
--- config
location / {
    proxy_set_header Host $http_host; proxy_set_header X-A 1; proxy_set_header Host b; proxy_set_header X-A 2;
    proxy_pass http://$ORIGIN_o;
}
location /kept { proxy_set_header Host a; proxy_set_header host b; proxy_pass http://kept; }
location /one { proxy_set_header Host ""; proxy_set_header Host b; proxy_pass http://$ORIGIN_o; }
location /none { proxy_set_header Host ""; proxy_pass http://$ORIGIN_o; }
--- requests
GET /
--- response_body_like
(?s)^Host: localhost\r$.*^Host: b\r$
^X-A: 1\r$
^X-A: 2\r$
--- requests
POST /
    | \r\nHost: body
--- response_body_like
(?s)^Host: localhost\r$.*^Host: b\r$
--- requests
GET /kept x3
--- response_body_like
(?s)^Host: a\r$.*^host: b\r?$
--- requests
GET /one
--- response_body_like
(?s)\A(?!.*Host: a).*Host: b
--- requests
GET /none
--- response_body_like
(?s)\A(?!.*Host)
--- no_log
upstream failed

=== a Host is what it is set to
--- origin o
* * 200
    | $HEAD
--- config
location / { proxy_set_header Host a@b; proxy_pass http://$ORIGIN_o; }
--- requests
GET / 200 ~ ^Host: a@b\r$

=== a method that changes whether there is a body
--- origin o
HEAD * 200
    Content-Length: 5
GET * 200
    | hello
--- http_config
upstream kept { server $ORIGIN_o; keepalive 4; }
--- config
location /head { proxy_method HEAD; proxy_pass http://kept; }
location /get { proxy_method GET; proxy_pass http://kept; }
location /both { proxy_method HEAD; proxy_pass http://kept; }
--- requests
GET /head 200 x2 =
--- response_headers
Content-Length: 0
--- requests
HEAD /get 200 x3
--- response_headers
Content-Length: 5
--- requests
GET /get 200 x2 = hello
HEAD /both 200
--- response_headers
Content-Length: 5

=== the length of a body is that of what is sent
--- origin o
* * 200
    | $HEAD
--- config
location / { proxy_set_header Content-Length 3; proxy_set_header transfer-encoding chunked; proxy_pass http://$ORIGIN_o; }
location /none { proxy_set_header Content-Length $http_x_length; proxy_pass http://$ORIGIN_o; }
--- requests
POST /
    | hello
--- response_body_like
(?s)\A(?!.*Content-Length: 3)(?!.*(?i:transfer-encoding)).*Content-Length: 5
--- requests
GET /none
    X-Length: 7
--- response_body_like
(?s)\A(?!.*Content-Length)

=== Connection is what it is set to
--- origin o
* * 200
    | $HEAD
--- http_config
upstream kept { server $ORIGIN_o; keepalive 4; }
upstream twice { server $ORIGIN_o; keepalive 4; keepalive_requests 2; }
--- config
location / { proxy_pass http://$ORIGIN_o; }
location /empty { proxy_set_header Connection ""; proxy_pass http://$ORIGIN_o; }
location /both { proxy_set_header Connection ""; proxy_set_header Connection "upgrade"; proxy_pass http://$ORIGIN_o; }
location /alive { proxy_set_header Connection keep-alive; proxy_pass http://$ORIGIN_o; }
location /kept { proxy_set_header Connection ""; proxy_pass http://kept; }
location /twice { proxy_set_header Connection ""; proxy_pass http://twice; }
--- requests
GET /
--- response_body_like
^Connection: close\r?$
--- requests
GET /empty x3
--- response_body_like
(?s)\A(?!.*Connection)
--- requests
GET /both
--- response_body_like
(?s)^Connection: upgrade\r?$(?!.*Connection)
--- requests
GET /alive
--- response_body_like
(?s)^Connection: keep-alive\r?$(?!.*Connection)
--- requests
GET /kept x3
--- response_body_like
(?s)\A(?!.*Connection)
--- requests
GET /twice
--- response_body_like
(?s)\A(?!.*Connection)
--- requests
GET /twice
--- response_body_like
^Connection: close\r?$

=== Date and Server of a peer
--- origin o
GET /long 200
    Date: a date that is longer than those of HTTP
    | Date: body
* * 200
    Date: Sun, 06 Nov 1994 08:49:37 GMT
    Server: theirs
    | x
--- config
location / { proxy_pass_header Date; proxy_pass_header Server; proxy_pass http://$ORIGIN_o; }
location /hidden { proxy_pass http://$ORIGIN_o; }
--- requests
GET / = x
--- response_headers
Date: Sun, 06 Nov 1994 08:49:37 GMT
Server: theirs
--- requests
GET /long = Date: body
--- response_headers
Date: a date that is longer than those of HTTP
--- requests
GET /hidden = x
--- response_headers
Date: ~20\d\d
Server: ~pingauge

=== challenges survive an intercepted 401; a cookie is the first of its name
--- origin o
GET /cookie 200
    Set-Cookie: a=1; Path=/
    Set-Cookie: b=2
    Set-Cookie: A=3
* * 401
    WWW-Authenticate: Basic realm="x"
    WWW-Authenticate: Bearer
    X-Other: y
    | theirs
--- file html/page.html
page
--- config
proxy_intercept_errors on;
location / { error_page 401 /page.html; proxy_pass http://$ORIGIN_o; }
location /named { error_page 401 =200 @named; proxy_pass http://$ORIGIN_o; }
location @named { return 200 named; }
location /proxied { error_page 401 = @proxied; proxy_pass http://$ORIGIN_o; }
location @proxied { rewrite ^ /cookie break; proxy_pass http://$ORIGIN_o; }
location /cookie { proxy_pass http://$ORIGIN_o; add_header X-Cookie "$upstream_cookie_a|$upstream_cookie_b|$upstream_cookie_c"; }
location /page.html { }
--- requests
GET / 401 = page\n
--- response_headers
WWW-Authenticate: Basic realm="x"
!X-Other
--- requests
GET /named 200 = named
--- response_headers
WWW-Authenticate: Basic realm="x"
--- requests
GET /proxied 200
--- response_headers
WWW-Authenticate: Basic realm="x"
--- requests
GET /cookie 200
--- response_headers
X-Cookie: 1|2|
!WWW-Authenticate
--- raw_request
GET / HTTP/1.0\r\n\r\n
--- raw_response_like
(?s)\nWWW-Authenticate: Basic realm="x"\r\nWWW-Authenticate: Bearer\r\n.*page

=== X-Accel-Redirect takes along what the application says of a file
--- origin o
* /file 200
    X-Accel-Redirect: /xa/file.txt
    Content-Type: app/x
    Content-Disposition: attachment; filename=a
    Cache-Control: private
    Expires: Thu, 01 Jan 1970 00:00:01 GMT
    Set-Cookie: a=1
    Set-Cookie: b=2
    X-Other: y
    | theirs
* /hidden 200
    X-Accel-Redirect: /xa/file.txt
    Cache-Control: private
* /text 200
    X-Accel-Redirect: /xa/text
    Content-Type: app/x
* /failed 404
    X-Accel-Redirect: /xa/text
* /nowhere 200
    X-Accel-Redirect:
* /missing 200
    X-Accel-Redirect: /xa/missing
    Content-Type: app/x
    Set-Cookie: a=1
* /other 200
    X-Accel-Redirect: /xa/other
    Content-Type: app/x
    Cache-Control: private
    Set-Cookie: a=1
* /xa/other 200
    Content-Type: app/y
    Cache-Control: public
    Set-Cookie: c=3
--- file html/xa/file.txt
content
--- config
location / { proxy_pass http://$ORIGIN_o; }
location /hidden { proxy_hide_header Cache-Control; proxy_pass http://$ORIGIN_o; }
location /failed { proxy_intercept_errors on; error_page 404 =200 /page; proxy_pass http://$ORIGIN_o; }
location /page { return 200 page; }
location /xa/ { internal; alias html/xa/; }
location /xa/text { internal; return 200 "text"; }
location /xa/other { internal; proxy_pass http://$ORIGIN_o; }
--- requests
GET /file 200 = content\n
--- response_headers
Content-Type: app/x
Content-Disposition: attachment; filename=a
Cache-Control: private
Expires: Thu, 01 Jan 1970 00:00:01 GMT
!X-Other
--- raw_request
GET /file HTTP/1.0\r\n\r\n
--- raw_response_like
(?s)\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n.*content
--- requests
GET /hidden 200 = content\n
--- response_headers
Content-Type: text/plain
!Cache-Control
--- requests
GET /text 200 = text
--- response_headers
Content-Type: app/x
--- requests
GET /missing 404
--- response_headers
Content-Type: text/html
Set-Cookie: a=1
--- requests
GET /other 200
--- response_headers
Content-Type: app/y
Cache-Control: public
--- raw_request
GET /other HTTP/1.0\r\n\r\n
--- raw_response_like
(?s)\nSet-Cookie: c=3\r\n.*\nSet-Cookie: a=1\r\n
--- requests
GET /failed 200 = page
GET /nowhere 404
