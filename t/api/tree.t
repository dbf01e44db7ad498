# The members of the status tree beside metric zones.

=== angie
--- json /status/angie
{
  "version": "<string>",
  "build_time": "<date>",
  "address": "127.0.0.1",
  "generation": 1,
  "load_time": "<date>",
  "self": "<any>"
}
--- json /status/angie/config_files 404
{"error": "PathNotFound", "description": "<string>"}

=== the sections
--- http_config
metric_zone z:64k count;
--- json_like /status/
{
  "angie": "<any>",
  "connections": {"accepted": "<number>", "dropped": 0, "active": "<number>", "idle": "<number>"},
  "slabs": {"z": {"pages": {"used": "<number>", "free": "<number>"}, "slots": "<any>"}},
  "resolvers": {},
  "http": {
    "server_zones": {}, "location_zones": {}, "caches": {}, "limit_conns": {}, "limit_reqs": {},
    "upstreams": {}, "metric_zones": "<any>"
  }
}

=== the order of the sections
--- http_config
metric_zone z:64k count;
--- config
location = /tree { api /; }
location = /http { api /status/http; }
--- requests
GET /tree?pretty=off ~ ^\{"status":\{"angie":\{.*\},"connections":\{.*\},"slabs":\{.*\},"resolvers":\{\},"http":\{.*\}\},"certificates":\{\}\}$
GET /http?pretty=off ~ ^\{"server_zones":\{\},"location_zones":\{\},"caches":\{\},"limit_conns":\{\},"limit_reqs":\{\},"upstreams":\{\},"metric_zones":

=== metric_zones is there only with a zone
--- json /status/http/metric_zones 404
{"error": "PathNotFound", "description": "<string>"}

=== configuration files when asked for
--- config
location = /files { api_config_files on; api /status/angie; }
location = /off { api_config_files off; api /status/angie/config_files; }
--- json_like /files
{"config_files": {"$DIR/test.conf": "</^daemon off;/>", "$DIR/config": "</location = .files/>"}}
--- json /off 404
{"error": "PathNotFound", "description": "<string>"}

=== connections of all workers
--- config
location = /connections { api /status/connections; }
--- wait_like /connections
{"dropped": 0, "active": 1, "idle": 0}
--- raw_request
GET /connections HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
"accepted"
--- wait_like /connections
{"active": 1, "idle": 1}
--- raw_close
--- wait_like /connections
{"active": 1, "idle": 0}

=== slabs tell when a zone is full
--- http_config
metric_zone z:32k count;
--- config
location /z { metric z $arg_k on=request; return 204; }
location = /slots { api /status/slabs/z/slots; }
--- requests
GET /z?k=<<#8>> 204 x2500
GET /slots ~ "fails": [1-9]
GET /status/slabs/z/slots/128/fails ~ ^[1-9]
GET /status/slabs/z/slots/129/fails 404
