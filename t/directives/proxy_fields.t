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
* * 200 delay=1
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
