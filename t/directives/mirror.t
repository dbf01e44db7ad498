# Copies of requests: who gets them, with what, and that nobody notices otherwise.

=== copies have method, fields, query and body
--- origin main
* * 200
    | main
--- origin copy
* * 204
--- http_config
log_format got '$request_method $request_uri [$request_body] $http_x_from';
metric_zone asked:32k count;
server {
    listen 8080;
    status_zone copied;
    location / { proxy_pass http://$ORIGIN_copy; access_log $DIR/got.log got; }
}
--- config
location / { mirror /mirror; mirror /other; metric asked $uri; proxy_pass http://$ORIGIN_main; }
location /return/ { mirror /mirror; return 200 returned; }
location /file/ { mirror /mirror; alias html/; }
location /bare/ { mirror /mirror; mirror_request_body off; proxy_pass http://$ORIGIN_main; }
location /denied/ { deny all; mirror /mirror; proxy_pass http://$ORIGIN_main; }
location /off/ { mirror off; proxy_pass http://$ORIGIN_main; }
location = /mirror { internal; proxy_pass http://127.0.0.1:$PORT2/one$request_uri; }
location = /other { internal; metric asked other; proxy_pass http://127.0.0.1:$PORT2/two?$args; }
--- file html/x
a file
--- requests
POST /x?a=b 200 = main
    X-From: client
    | hello world
POST /return/x 200 = returned
    | not sent
GET /file/x 200 ~ a file
POST /bare/x 200 = main
    | not copied
POST /off/x 200 = main
    | nor this
PUT /put 200 = main
    | body
GET /denied/x 403
--- file_like got.log
^POST /one/x\?a=b \[hello world\] client$
^POST /two\?a=b \[hello world\] client$
^GET /one/file/x \[-\] -$
^POST /one/bare/x \[-\] -$
^PUT /one/put \[body\] -$
--- wait_like /status/http/server_zones/copied/requests/
{"total": 6}
--- json /status/http/metric_zones/asked/metrics/
{
  "/put": 1,
  "/x": 1
}

=== a copy that fails is nobody's trouble, and copies are not copied
--- origin main
* * 200
    | main
--- config
location / { mirror /mirror; mirror /loop; mirror /nowhere; mirror /denied; proxy_pass http://$ORIGIN_main; }
location = /mirror { internal; proxy_pass http://127.0.0.1:9; }
location = /loop { mirror /loop; mirror /mirror; return 500; }
location = /denied { deny all; return 204; }
--- requests
GET / 200 x3 = main
POST / 200 = main
    | body
--- no_log
cycle

=== what cannot be said
--- config
location /a { mirror /x; mirror off; }
location /b { mirror_request_body maybe; }
location /c { mirror; }
--- error
pingauge: [emerg] "mirror off" stands beside another "mirror" in config:1
   1 | location /a { mirror /x; mirror off; }
     |                          ^^^^^^
pingauge: [emerg] invalid value "maybe" in "mirror_request_body" directive, it must be "on" or "off" in config:2
   2 | location /b { mirror_request_body maybe; }
     |                                   ^^^^^
pingauge: [emerg] invalid number of arguments in "mirror" directive in config:3
   3 | location /c { mirror; }
     |               ^^^^^^^
     help: syntax: mirror URI | off;
