# The variables of a request and its answer.

=== of the request
--- config
location / {
    return 200 "$request_method|$request_uri|$uri|$document_uri|$args|$query_string|$is_args|$arg_a|$http_x_y|$cookie_c|$host|$http_host|$server_protocol|$scheme|$remote_addr|$server_port|$content_length|$content_type|$server_addr";
}
--- requests
GET /p/%20?a=1&b=2 = GET|/p/%20?a=1&b=2|/p/ |/p/ |a=1&b=2|a=1&b=2|?|1|yes|v|example.com|Example.com:80|$PROTOCOL|http|127.0.0.1|$PORT|||127.0.0.1
    Host: Example.com:80
    X-Y: yes
    Cookie: x=1; c=v

=== of the request, absent ones
--- config
location / { return 200 "[$args][$is_args][$arg_a][$http_x_y][$cookie_c][$content_length]"; }
--- requests
GET / = [][][][][][]

=== of the connection and the process
--- config
location / { return 200 "$connection $connection_requests $pid $request_id $msec $time_iso8601 $hostname $remote_port $nginx_version"; }
--- requests
GET / ~ ^\d+ 1 \d+ [0-9a-f]{32} \d+\.\d{3} \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d \S+ \d+ \d
GET / ~ ^\d+ 2 

=== of the answer
--- http_config
log_format all "$status|$body_bytes_sent|$bytes_sent|$request_length|$request_time|$request_completion|$sent_http_content_type|$sent_http_x_y|$time_local|$remote_user|$upstream_addr";
access_log $DIR/access.log all;
--- config
location / { add_header X-Y z; return 200 12345; }
--- requests
GET /
--- file_like access.log
^200\|5\|\d{2,3}\|\d\d\|0\.\d{3}\|OK\|text/plain\|z\|\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\|-\|-$

=== of the location
--- config
location / { root $DIR/html; return 200 "$document_root $request_filename $server_name"; }
--- requests
GET /a = $DIR/html $DIR/html/a 

=== captures of an escaped path
# A capture that `set` inserts is escaped again if the path was; `return` takes it as it is.
--- config
location ~ ^/return/(.*)$ { return 200 "$1"; }
location ~ ^/set/(.*)$ { set $copy "$1"; return 200 $copy; }
--- requests
GET /return/a%20b = a b
GET /set/a%20b/c = a%20b/c
GET /set/ab = ab

=== case does not matter in names
--- config
location / { set $Mixed 1; return 200 "$MIXED$mixed$ARG_A$arg_A"; }
--- requests
GET /?a=x = 11xx

=== whether a request was there before the last one was answered
--- config
location / { return 200 $pipe; }
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)\r\n\r\n\.HTTP.*\r\n\r\npHTTP.*\r\n\r\np$
--- requests
GET / = .
GET / = .

=== without a value, and empty
--- http_config
log_format missing "[$args] [$query_string] [$is_args] [$https] [$remote_user] [$arg_x] [$request_completion]";
log_format line "[$uri] [$document_uri] [$request] [$request_uri] [$request_method]";
--- config
access_log logs/missing missing;
access_log logs/line line;
location / { return 204; }
--- requests
GET /a 204
GET /a? 204
GET /a?x= 204
    Authorization: Basic OnB3
--- raw_request
bad\r\n\r\n
--- raw_response_like
400
--- raw_request
GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
400
--- file_like logs/missing
^\[-\] \[-\] \[\] \[\] \[-\] \[-\] \[OK\]$
^\[x=\] \[x=\] \[\?\] \[\] \[-\] \[\] \[OK\]$
--- file_like logs/line
^\[/a\] \[/a\] \[GET /a $PROTOCOL\] \[/a\] \[GET\]$
^\[-\] \[-\] \[bad\] \[-\] \[-\]$
^\[\] \[\] \[GET /%zz HTTP/1.1\] \[/%zz\] \[GET\]$
