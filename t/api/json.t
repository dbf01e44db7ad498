# The status API's texts: layout, status codes, headers, methods, errors, query arguments.

=== pretty by default, compact on request
--- http_config
metric_zone z:64k last;
--- config
location /z { metric z k=5 on=request; return 204; }
location = /one { api /status/http/metric_zones/z; }
location = /leaf { api /status/http/metric_zones/z/metrics/k; }
location = /zones { api /status/http/metric_zones; }
--- requests
GET /zones = {\r\n\t"z": {\r\n\t\t"discarded": 0,\r\n\t\t"metrics": {}\r\n\t}\r\n}\r\n
GET /z 204
GET /one = {\r\n\t"discarded": 0,\r\n\t"metrics": {\r\n\t\t"k": 5\r\n\t}\r\n}\r\n
GET /one?pretty=off = {"discarded":0,"metrics":{"k":5}}
GET /one?PRETTY=off = {"discarded":0,"metrics":{"k":5}}
GET /one?pretty=OFF ~ ^\{\r\n
GET /one?pretty= ~ ^\{\r\n
GET /leaf = 5\r\n
GET /leaf?pretty=off = 5

=== a blank line parts members after a filled object
--- http_config
metric_zone a:64k count;
metric_zone b:64k count;
--- config
location = /zones { metric a k on=request; api /status/http/metric_zones; }
--- requests
GET /zones = {\r\n\t"a": {\r\n\t\t"discarded": 0,\r\n\t\t"metrics": {\r\n\t\t\t"k": 1\r\n\t\t}\r\n\t},\r\n\r\n\t"b": {\r\n\t\t"discarded": 0,\r\n\t\t"metrics": {}\r\n\t}\r\n}\r\n

=== headers
--- http_config
metric_zone z:64k last;
--- config
location /api/ { api /status/http/metric_zones/; }
--- requests
GET /api/z
--- response_headers
Content-Type: application/json
Cache-Control: no-cache
Expires: Thu, 01 Jan 1970 00:00:01 GMT
Content-Length: 40
--- requests
HEAD /api/z
--- response_headers
Content-Type: application/json
Content-Length: 40
--- response_body
--- requests
GET /api/none 404
--- response_headers
Content-Type: application/json
!Cache-Control
!Expires

=== not found
--- http_config
metric_zone z:64k last;
--- config
location /api/ { api /status/http/metric_zones; }
location /z { metric z k=5 on=request; return 204; }
--- requests
GET /api/none 404
--- response_body_like
^\{\r\n\t"error": "PathNotFound",\r\n\t"description": "Requested API entity \\"/status/http/metric_zones/none\\" doesn't exist."\r\n\}\r\n$
--- json /api/none/ 404
{"error": "PathNotFound", "description": "Requested API entity \"/status/http/metric_zones/none/\" doesn't exist."}
--- json /api/Z 404
{"error": "PathNotFound", "description": "Requested API entity \"/status/http/metric_zones/Z\" doesn't exist."}

=== below a leaf is not found, too
--- http_config
metric_zone z:64k last;
--- config
location /z { metric z k=5 on=request; return 204; }
--- requests
GET /z 204
--- json /status/http/metric_zones/z/metrics/k/below 404
{"error": "PathNotFound", "description": "Requested API entity \"/status/http/metric_zones/z/metrics/k/below\" doesn't exist."}
--- json /status/http/metric_zones/z/discarded/x 404
{"error": "PathNotFound", "description": "<string>"}

=== other methods are refused
--- http_config
metric_zone z:64k last;
--- config
location /api/ { api /status/http/metric_zones/; }
--- requests
POST /api/z 405
    | a body that is read and thrown away
--- json
{"error": "MethodNotAllowed", "description": "The POST method is not allowed for the requested API entity \"/status/http/metric_zones/z\"."}
--- response_headers
Content-Type: application/json
!Allow
--- requests
PUT /api/none 405
DELETE /api/z 405
PATCH /api/z 405
OPTIONS /api/z 405
BREW /api/z 405
--- json
{"error": "MethodNotAllowed", "description": "The BREW method is not allowed for the requested API entity \"/status/http/metric_zones/z\"."}
--- requests
GET /api/z

=== error_page does not replace the answers of the API, access rules do
--- http_config
metric_zone z:64k last;
--- config
error_page 404 405 = /replaced;
location /replaced { return 200 replaced; }
location /api/ { api /status/; }
location /closed/ { deny all; api /status/; }
--- json /api/none 404
{"error": "PathNotFound", "description": "<string>"}
--- requests
POST /api/http 405
GET /closed/http 403
--- response_headers
Content-Type: text/html

=== strings are escaped
--- http_config
metric_zone z:64k count;
--- config
location /z { metric z $http_x_key on=request; return 204; }
location = /m { api /status/http/metric_zones/z/metrics; }
--- requests
GET /z 204
    X-Key: q"u\o/é
GET /m?pretty=off = {"q\\"u\\\\o/é":1}
--- json /status/http/metric_zones/z/metrics/q%22u%5Co%2F%C3%A9
1

=== ill-formed UTF-8 becomes the replacement character
--- http_config
metric_zone z:64k count;
--- config
location /z { metric z $arg_k on=request; return 204; }
location = /m { api /status/http/metric_zones/z/metrics; }
--- raw_request
GET /z?k=a\xff\xc3(\xe2\x82 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
204
--- json /m
{"a\ufffd\ufffd(\ufffd": 1}

=== dates as text and as seconds
--- config
location = /angie { api /status/angie/load_time; }
--- json /status/angie/load_time
"<date>"
--- json /status/angie/load_time?date=epoch
"</^1\\d{9}$/>"
--- requests
GET /angie?date=epoch&pretty=off ~ ^\d+$
GET /angie?date=other&pretty=off ~ ^"\d{4}-
