# /status/http/upstreams: groups with a shared zone, peer by peer.

=== peers and their counters
--- origin a
* /fail 500
* * 200
    | answer
--- origin b
* * 200
    | backup
--- http_config
upstream plain { server $ORIGIN_b; }
upstream group {
    zone group 64k;
    server $ORIGIN_a weight=3;
    server $ORIGIN_b backup;
}
--- config
location / { proxy_pass http://group; }
--- requests
GET /x x2
GET /fail 500
--- json_like /status/http/upstreams/group/peers/$ORIGIN_a
{
  "server": "$ORIGIN_a",
  "backup": false,
  "weight": 3,
  "state": "up",
  "selected": {"current": 0, "total": 3, "last": "<date>"},
  "responses": {"200": 2, "500": 1},
  "data": {"sent": "</^[1-9]/>", "received": "</^[1-9]/>"},
  "health": {
    "fails": 0, "unavailable": 0, "downtime": 0, "header_time": "<number>", "response_time": "<number>"
  }
}
--- json_like /status/http/upstreams/group
{"keepalive": 0, "zone": "group"}
--- json_like /status/http/upstreams/group/peers/$ORIGIN_b
{"backup": true, "state": "up", "selected": {"total": 0}}
--- json /status/http/upstreams/plain 404
{"error": "PathNotFound", "description": "<string>"}

=== a peer that fails is unavailable
--- origin good
* * 200
--- http_config
upstream group {
    zone group 64k;
    server 127.0.0.1:$PORT2 max_fails=1 fail_timeout=60s;
    server $ORIGIN_good;
}
--- config
location / { proxy_pass http://group; }
--- requests
GET /x x4
--- json_like /status/http/upstreams/group/peers/127.0.0.1:$PORT2
{"state": "unavailable", "health": {"fails": 1, "unavailable": 1, "downstart": "<date>"}}
--- json_like /status/http/upstreams/group/peers/$ORIGIN_good
{"state": "up", "responses": {"200": 4}}

=== a peer configured down
--- origin good
* * 200
--- http_config
upstream group {
    zone group 64k;
    server 127.0.0.1:$PORT2 down;
    server $ORIGIN_good;
}
--- config
location / { proxy_pass http://group; }
--- requests
GET /x x4
--- json_like /status/http/upstreams/group/peers/127.0.0.1:$PORT2
{"state": "down", "selected": {"total": 0}}

=== members that are there only when there is something to say
--- origin o
* * 200
--- http_config
upstream group {
    zone shared 64k;
    server $ORIGIN_o max_conns=7 sid=first;
    server 127.0.0.1:$PORT2 down;
}
--- config
location / { proxy_pass http://group; }
--- json /status/http/upstreams/group
{
  "peers": {
    "$ORIGIN_o": {
      "server": "$ORIGIN_o", "backup": false, "weight": 1, "state": "up",
      "selected": {"current": 0, "total": 0}, "max_conns": 7, "responses": {},
      "data": {"sent": 0, "received": 0}, "health": {"fails": 0, "unavailable": 0, "downtime": 0, "header_time": 0, "response_time": 0},
      "sid": "first"
    },
    "127.0.0.1:$PORT2": {
      "server": "127.0.0.1:$PORT2", "backup": false, "weight": 1, "state": "down",
      "selected": {"current": 0, "total": 0}, "responses": {},
      "data": {"sent": 0, "received": 0}, "health": {"fails": 0, "unavailable": 0, "downtime": 0, "header_time": 0, "response_time": 0},
      "sid": "</^[0-9a-f]{32}$/>"
    }
  },
  "keepalive": 0,
  "zone": "shared"
}
--- requests
GET /x
--- requests
GET /status/http/upstreams/group/peers/$ORIGIN_o/selected/last?date=epoch ~ ^1[0-9]{9}\r\n$
GET /status/http/upstreams/group/peers/$ORIGIN_o/health/header_time ~ ^[0-9]+\r\n$

=== zones of upstreams in slabs
--- http_config
upstream one { zone shared 256k; server 127.0.0.1:$PORT2; }
upstream two { zone shared; server 127.0.0.1:$PORT2; server 127.0.0.2:$PORT2; }
upstream three { zone own; server 127.0.0.1:$PORT2; }
upstream none { server 127.0.0.1:$PORT2; }
--- json /status/slabs
{
  "shared": {
    "pages": {"used": 11, "free": 53},
    "slots": {"12328": {"used": 3, "free": 0, "reqs": 3, "fails": 0}}
  },
  "own": {
    "pages": {"used": 4, "free": 0},
    "slots": {"12328": {"used": 1, "free": 0, "reqs": 1, "fails": 0}}
  }
}

=== statuses of a peer that are none are counted together
--- origin o
* /odd 999
* * 200
--- http_config
upstream group { zone group; server $ORIGIN_o; }
--- config
location / { proxy_pass http://group; }
--- requests
GET /odd 999
GET /x
--- json /status/http/upstreams/group/peers/$ORIGIN_o/responses
{"200": 1, "xxx": 1}

=== a peer with all the connections it may have is busy
--- origin slow
* * 200 delay=1
--- http_config
upstream group { zone group; server $ORIGIN_slow max_conns=1; }
--- config
location /p { proxy_pass http://group; }
--- raw_request
GET /p HTTP/1.1\r\nHost: a\r\n\r\n
--- wait_like /status/http/upstreams/group/peers/$ORIGIN_slow
{"state": "busy", "selected": {"current": 1, "total": 1}}
--- wait_like /status/http/upstreams/group/peers/$ORIGIN_slow
{"state": "up", "selected": {"current": 0, "total": 1}}

=== a peer that comes back has been down for a while
--- origin o
* /fail close
* * 200
--- http_config
upstream group { zone group; server $ORIGIN_o max_fails=1 fail_timeout=1s; server 127.0.0.1:$PORT2 backup; }
--- config
location / { proxy_pass http://group; proxy_next_upstream off; }
--- requests
GET /fail 502
--- json_like /status/http/upstreams/group/peers/$ORIGIN_o
{"state": "unavailable", "health": {"fails": 1, "unavailable": 1, "downstart": "<date>"}}
--- wait 1.2
--- requests
GET /x 200
--- json /status/http/upstreams/group/peers/$ORIGIN_o/health
{"fails": 1, "unavailable": 1, "downtime": "</^[1-9]\\d{3}$/>", "header_time": "<number>", "response_time": "<number>"}
