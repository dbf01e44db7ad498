# The page of seven numbers that exporters read.

=== the page
--- config
location = /s { stub_status; }
location = /old { stub_status on; }
location / { return 200 "$connections_active $connections_reading $connections_writing $connections_waiting"; }
--- requests
GET /s 200 ~ ^Active connections: 1 \nserver accepts handled requests\n \d+ \d+ 1 \nReading: 0 Writing: 1 Waiting: 0 \n$
GET /old 200 ~ ^Active connections: 1 \nserver accepts handled requests\n \d+ \d+ 2 \nReading: 0 Writing: 1 Waiting: 0 \n$
GET /v 200 = 1 0 1 0
HEAD /s 200
POST /s 405
GET /s
--- response_headers
Content-Type: text/plain
Content-Length: ~\d+

=== subrequests are no requests, error pages no second ones
--- config
error_page 404 /s;
location = /auth { internal; return 204; }
location / { auth_request /auth; return 404; }
location = /s { stub_status; }
--- requests
GET /a 404 ~ \d 1 \nReading: 0 Writing: 1
GET /b 404 ~ \d 2 \nReading: 0 Writing: 1

=== an error page stands for its refusals
--- config
error_page 405 =418 @told;
location = /s { stub_status; }
location @told { return 200 "only GET"; }
--- requests
POST /s 418 = only GET

=== of a server
--- config
stub_status;
location /in { return 200 in; }
--- requests
GET / 200 ~ ^Active
GET /in 200 = in
