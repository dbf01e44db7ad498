# status_zone: traffic counted by server and by location, by name and by key.

=== a server zone
--- http
server {
    listen 80;
    status_zone site;
    location / { return 200 12345; }
    location /gone { return 404; }
    location /silent { return 444; }
}
server { listen 8080; location / { api /status/http/; } }
--- json :$PORT2/server_zones/site
{"requests": {"total": 0, "processing": 0, "discarded": 0}, "responses": {}, "data": {"received": 0, "sent": 0}}
--- requests
GET / x3
GET /gone 404
GET /silent close
--- wait_like :$PORT2/server_zones/site
{"requests": {"total": 5, "processing": 0, "discarded": 1}, "responses": {"200": 3, "404": 1}, "data": {"received": "</^[1-9]\\d+$/>", "sent": "</^[1-9]\\d+$/>"}}

=== location zones: own, inherited, off, in an if
--- http
server {
    listen 80;
    location /a {
        status_zone a;
        location /a/same { return 204; }
        location /a/own { status_zone own; return 204; }
        location /a/off { status_zone off; return 204; }
        location /a/if { if ($arg_x) { status_zone chosen; } return 204; }
        return 200;
    }
}
server { listen 8080; location / { api /status/http/location_zones/; } }
--- requests
GET /a
GET /a/same 204
GET /a/own 204
GET /a/off 204
GET /a/if 204
GET /a/if?x=1 204
--- json_like :$PORT2/a
{"requests": {"total": 3, "discarded": 0}, "responses": {"200": 1, "204": 2}}
--- json_like :$PORT2/own
{"requests": {"total": 1, "discarded": 0}, "responses": {"204": 1}}
--- json_like :$PORT2/chosen
{"requests": {"total": 1}}

=== simple names hold no variables and may be shared
--- http
server {
    listen 80;
    location /a { status_zone $host; return 204; }
    location /b { status_zone $host; return 204; }
}
server { listen 8080; location / { api /status/http/location_zones/; } }
--- requests
GET /a 204
GET /b 204
--- json_like :$PORT2/
{"$host": {"requests": {"total": 2}}}

=== by key, with a catch-all
--- http
server {
    listen 80;
    location / { status_zone $arg_z zone=dyn:2; return 204; }
}
server { listen 8080; location / { api /status/http/location_zones/; } }
--- json_like :$PORT2/
{"dyn": {"requests": {"total": 0}, "responses": {}}}
--- requests
GET /?z=a 204
GET /?z=a 204
GET /?z=b 204
GET /?z=c 204
GET /?z=d 204
GET / 204
--- json_like :$PORT2/
{"a": {"requests": {"total": 2}}, "b": {"requests": {"total": 1}}, "dyn": {"requests": {"total": 2}}}
--- json :$PORT2/c 404
{"error": "PathNotFound", "description": "<string>"}

=== kept over a reload
--- http_config
--- config
location /a { status_zone a; return 204; }
--- requests
GET /a 204
--- reload
--- requests
GET /a 204
--- json_like /status/http/location_zones/a
{"requests": {"total": 2}}

=== a pending request is being processed
--- origin slow
* * 200 delay=1
--- http
server { listen 80; status_zone site; location / { proxy_pass http://$ORIGIN_slow; } }
server { listen 8080; location / { api /status/http/server_zones/site/requests; } }
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\n\r\n
--- wait :$PORT2/
{"total": 1, "processing": 1, "discarded": 0}
--- wait :$PORT2/
{"total": 1, "processing": 0, "discarded": 0}

=== statuses that are none are counted together
--- http
server {
    listen 80;
    status_zone site;
    location / { status_zone all; return 204; }
    location /six { status_zone all; return 600; }
    location /nine { status_zone all; return 999; }
}
server { listen 8080; location / { api /status/http/; } }
--- requests
GET /nine 999
GET / 204
GET /six 600
--- json :$PORT2/server_zones/site/responses
{"204": 1, "xxx": 2}
--- json :$PORT2/location_zones/all/responses
{"204": 1, "xxx": 2}
--- requests
GET :$PORT2/location_zones/all/responses/xxx = 2\r\n

=== an empty key and one that is too long count nowhere
--- http
server {
    listen 80;
    status_zone $http_x_key zone=keyed:4;
    location / { return 204; }
}
server { listen 8080; location / { api /status/http/server_zones/; } }
--- requests
GET / 204
    X-Key:
GET / 204
    X-Key: <<k*256>>
GET / 204
    X-Key: <<k*257>>
--- json_like :$PORT2/
{"keyed": {"requests": {"total": 0}}, "<<k*256>>": {"requests": {"total": 1}}}
--- log
status zone "keyed": a key is longer than 256 bytes

=== a zone for more keys starts anew
--- http
server { listen 80; location / { status_zone $arg_z zone=dyn:2; return 204; } }
server { listen 8080; location / { api /status/http/location_zones/; } }
--- requests
GET /?z=a 204
--- http
server { listen 80; location / { status_zone $arg_z zone=dyn:3; return 204; } }
server { listen 8080; location / { api /status/http/location_zones/; } }
--- reload
--- json :$PORT2/
{"dyn": {"requests": {"total": 0, "discarded": 0}, "responses": {}, "data": {"received": 0, "sent": 0}}}
