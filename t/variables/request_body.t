# $request_body: the request's body where it was read.

=== for an origin, before it is asked, and afterwards for logs and metrics
--- http_config
log_format body "$request_uri <$request_body>";
access_log $DIR/access.log body;
metric_zone z:64k count;
--- origin o
* * 200
    | $HEAD
--- config
location /u { metric z $request_body on=end; proxy_pass http://$ORIGIN_o; proxy_set_header X-Body <$request_body>; }
location /off { proxy_pass http://$ORIGIN_o; proxy_request_buffering off; }
location /here { return 200 here; }
--- requests
POST /u ~ X-Body: <one=1>\r\n
    | one=1
GET /u ~ X-Body: <>
POST /off 200
    | two
POST /here 200
    | three
--- raw_request
POST /u HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nch\r\n4\r\nunks\r\n0\r\n\r\n
--- raw_response_like
X-Body: <chunks>\r\n
--- json_like /status/http/metric_zones/z/metrics
{"one=1": 1, "chunks": 1}
--- file_like access.log
/u <one=1>
/u <->
/off <two>
/here <->
/u <chunks>

=== a long one is not kept
--- http_config
log_format body "$request_length <$request_body>";
access_log $DIR/access.log body;
--- origin o
* * 200
--- config
location / { proxy_pass http://$ORIGIN_o; }
--- requests
POST / 200
    | <<x*65536>>
POST / 200
    | <<y*65537>>
--- file_like access.log
^\d+ <x{65536}>\n\d+ <->\n$

=== for a receiver
--- http_config
log_format body "<$request_body>";
access_log $DIR/access.log body;
metric_zone z:64k gauge;
--- config
location /push/ { metric_push z; }
--- requests
POST /push/kills 201
    | spiders stopped
--- file_like access.log
<spiders stopped>
