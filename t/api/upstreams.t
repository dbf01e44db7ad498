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
  "health": {"fails": 0, "unavailable": 0, "downtime": 0}
}
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
