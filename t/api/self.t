# /status/angie/self: what the server tells of itself.

=== a fresh server
--- wait /status/angie/self
{
  "reloads": {"successful": 0, "failed": 0},
  "workers": {"running": 1, "restarts": 0},
  "processes": {
    "master": {"pid": "<number>", "start_time": "<date>", "cpu_seconds": "<number>", "resident_memory": "<number>", "open_files": "<number>", "max_files": "<number>"},
    "worker-1": {"pid": "<number>", "start_time": "<date>", "cpu_seconds": "<number>", "resident_memory": "<number>", "open_files": "<number>", "max_files": "<number>"}
  },
  "zones": {},
  "scrapes": {}
}

=== it stands before the configuration files
--- config
location = /angie { api_config_files on; api /status/angie; }
--- requests
GET /angie?pretty=off ~ "load_time":"[^"]*","self":\{"reloads".*\},"config_files":

=== reloads and their dates
--- http_config
--- reload
--- wait /status/angie/self/reloads
{"successful": 1, "failed": 0, "last_successful": "<date>"}
--- http_config
nonsense;
--- reload fails
unknown directive "nonsense"
--- wait /status/angie/self/reloads
{"successful": 1, "failed": 1, "last_successful": "<date>", "last_failed": "<date>"}
--- json /status/angie/generation
2
--- http_config
--- reload
--- wait /status/angie/self/reloads
{"successful": 2, "failed": 1, "last_successful": "<date>", "last_failed": "<date>"}
--- requests
GET /status/angie/self/reloads/last_failed?date=epoch ~ ^1[0-9]{9}\r\n$

=== a zone that evicts
--- http_config
metric_zone z:32k expire=on count;
--- config
location /z { metric z $arg_k on=request; return 204; }
--- json /status/angie/self/zones
{"z": {"size": 32768, "fill": 0, "keys": 0, "discarded": 0, "evictions": 0, "failures": 0}}
--- requests
GET /z?k=<<#8>> 204 x1000
--- json_like /status/angie/self/zones/z
{"fill": 1, "evictions": "</^[1-9]/>", "failures": 0}
--- reload
--- json_like /status/angie/self/zones/z
{"fill": 1, "evictions": "</^[1-9]/>", "failures": 0}

=== a zone that fails
--- http_config
metric_zone z:32k count;
--- config
location /z { metric z $arg_k on=request; return 204; }
--- requests
GET /z?k=<<#8>> 204 x1000
--- json_like /status/angie/self/zones/z
{"fill": 1, "evictions": 0, "failures": "</^[1-9]/>"}

=== what pages cost
--- http_config
prometheus_template small {
    'a{b="1"}' $arg_v type=gauge help=x;
    c $p8s_value path=/angie/generation;
}
--- config
location /small { prometheus small; }
--- json /status/angie/self/scrapes
{"small": {"pages": 0, "seconds": 0, "waiting": 0, "bytes": 0, "refused": 0, "last": {"seconds": 0, "waiting": 0, "bytes": 0, "lines": 0, "skipped": 0}}}
--- requests
GET /small?v=1
HEAD /small?v=1
POST /small?v=1 405
--- json_like /status/angie/self/scrapes/small
{"pages": 2, "seconds": "<number>", "bytes": 154, "refused": 0, "last": {"seconds": "<number>", "bytes": 77, "lines": 2, "skipped": 0}}
--- requests
GET /small?v=x
--- json_like /status/angie/self/scrapes/small
{"pages": 3, "refused": 1, "last": {"lines": 1}}
--- reload
--- json_like /status/angie/self/scrapes/small
{"pages": 3, "refused": 1, "last": {"lines": 1}}
