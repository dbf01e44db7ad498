# jitter: requests wait for a time of their own before they go on; what is no time is ignored.

=== nobody waits unless it says so
--- config
location /off { add_header X-Delay "[$jitter_delay]"; try_files /none =204; }
location /zero { jitter 0; add_header X-Delay "[$jitter_delay]"; try_files /none =204; }
location /in/ { jitter 100h; location /in/off { jitter off; add_header X-Delay "[$jitter_delay]"; try_files /none =204; } }
--- requests
GET /off 204
--- response_headers
X-Delay: []
--- requests
GET /zero 204
--- response_headers
X-Delay: [0.000]
--- requests
GET /in/off 204
--- response_headers
X-Delay: []

=== a value that is no time is ignored
--- config
location / { jitter 0 $http_x_can_wait; jitter_max 20ms; add_header X-Delay $jitter_delay; try_files /none =204; }
--- requests
GET / 204
    X-Can-Wait: soon
--- response_headers
X-Delay: 0.000
--- log
\[info\] .*"soon" is no time to wait, client: 127.0.0.1
--- requests
GET / 204
    X-Can-Wait: 5h
--- response_headers
X-Delay: ~^0\.0[01]\d$

=== a request waits once, and passes where it is told to
--- config
jitter 100h;
jitter_max 1ms;
jitter_bypass $arg_now;
location /a { try_files /none /b; }
location /b { jitter_max 100h; error_page 404 = @c; root /nowhere; }
location @c { jitter_max 100h; try_files /none =204; }
location /now { jitter_max 100h; add_header X-Delay $jitter_delay; try_files /none =204; }
location /status/ { jitter off; api /status/; }
--- requests
GET /a 204
GET /now?now=1 204
--- response_headers
X-Delay: 0.000
