# set_real_ip_from, real_ip_header, real_ip_recursive: who the client is behind trusted proxies. What nginx answers.

=== X-Real-IP
--- config
set_real_ip_from 127.0.0.0/8;
return 200 "$remote_addr|$remote_port|$realip_remote_addr|$proxy_add_x_forwarded_for";
--- requests
GET / ~ ^127\.0\.0\.1\|\d+\|127\.0\.0\.1\|127\.0\.0\.1$
GET / = 1.2.3.4||127.0.0.1|1.2.3.4
 X-Real-IP: 1.2.3.4
GET / = 1.2.3.4|99|127.0.0.1|1.2.3.4
 X-Real-IP: 1.2.3.4:99
GET / = ::5|99|127.0.0.1|::5
 X-Real-IP: [::5]:99
GET / = ::5||127.0.0.1|::5
 X-Real-IP: ::5
GET / ~ ^127\.0\.0\.1\|\d+\|
 X-Real-IP: junk
GET / = 5.6.7.8||127.0.0.1|5.6.7.8
 X-Real-IP: 1.2.3.4, 5.6.7.8
GET / = 1.2.3.4||127.0.0.1|1.2.3.4
 X-Real-IP: 1.2.3.4
 X-Real-IP: 5.5.5.5
GET / ~ ^127\.0\.0\.1\|\d+\|127\.0\.0\.1\|1\.1\.1\.1, 127\.0\.0\.1$
 X-Forwarded-For: 1.1.1.1

=== the last address of X-Forwarded-For
--- config
set_real_ip_from 127.0.0.1;
real_ip_header X-Forwarded-For;
return 200 $remote_addr;
--- requests
GET / = 2.2.2.2
 X-Forwarded-For: 1.1.1.1, 2.2.2.2
GET / = 2.2.2.2
 X-Forwarded-For: 1.1.1.1
 X-Forwarded-For: 2.2.2.2
GET / = 127.0.0.1
 X-Forwarded-For: 1.1.1.1, junk
GET / = 10.2.2.2
 X-Forwarded-For: 1.1.1.1, 10.2.2.2
GET / = 127.0.0.1
 X-Forwarded-For: unix:
GET / = 127.0.0.1
 X-Real-IP: 1.1.1.1

=== forged chains are read as far as their links are trusted
--- config
set_real_ip_from 127.0.0.1;
set_real_ip_from 10.0.0.0/8;
real_ip_header X-Forwarded-For;
real_ip_recursive on;
return 200 $remote_addr|$remote_port;
--- requests
GET / = 2.2.2.2|
 X-Forwarded-For: 9.9.9.9, 2.2.2.2, 10.2.2.2
GET / = 10.1.1.1|
 X-Forwarded-For: 10.1.1.1, 10.2.2.2
GET / = 10.2.2.2|
 X-Forwarded-For: junk, 10.2.2.2, 10.3.3.3
GET / = 1.1.1.1|
 X-Forwarded-For: 1.1.1.1
 X-Forwarded-For: 10.2.2.2:7
GET / = 10.2.2.2|7
 X-Forwarded-For: 1.1.1.1,junk
 X-Forwarded-For: 10.2.2.2:7
GET / ~ ^127\.0\.0\.1\|\d+$
 X-Forwarded-For: 1.1.1.1;10.2.2.2

=== proxies that are not trusted
--- config
set_real_ip_from 10.0.0.0/8;
set_real_ip_from ::/0;
return 200 $remote_addr;
--- requests
GET / = 127.0.0.1
 X-Real-IP: 1.2.3.4

=== any field; names of hosts are looked up
--- config
set_real_ip_from localhost;
real_ip_header CF-Connecting-IP;
return 200 $remote_addr;
--- requests
GET / = 1.2.3.4
 cf-connecting-ip: 1.2.3.4
GET / = 127.0.0.1
 X-Real-IP: 1.2.3.4

=== each request has its own client
--- config
set_real_ip_from 127.0.0.1;
return 200 "$remote_addr $realip_remote_addr";
--- requests
GET / = 1.2.3.4 127.0.0.1
 X-Real-IP: 1.2.3.4
GET / = 127.0.0.1 127.0.0.1
GET / = 4.3.2.1 127.0.0.1
 X-Real-IP: 4.3.2.1
GET / = 127.0.0.1 127.0.0.1

=== all that looks at addresses sees the client
--- http_config
geo $kind { default other; 9.0.0.0/8 nine; }
log_format who $remote_addr;
metric_zone hits:128k count;
server {
    listen 127.0.0.1:$PORT2;
    location / { return 200 "$http_x_forwarded_for"; }
}
--- config
access_log $DIR/who.log who;
set_real_ip_from 127.0.0.1;
metric hits $remote_addr;
location / { allow 9.9.9.9; deny all; try_files /none @kind; }
location @kind { return 200 $kind; }
location /behind { allow 9.9.9.9; deny all; proxy_pass http://127.0.0.1:$PORT2; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }
location /asked { auth_request /judge; try_files /none @seen; }
location = /judge { if ($remote_addr = 9.9.9.9) { return 204; } return 403; }
location @seen { return 200 $remote_addr; }
--- requests
GET /x 403
GET /x 403
 X-Real-IP: 8.8.8.8
GET /x = nine
 X-Real-IP: 9.9.9.9
GET /behind = 9.9.9.9
 X-Real-IP: 9.9.9.9
GET /asked = 9.9.9.9
 X-Real-IP: 9.9.9.9
GET /asked 403
--- json /status/http/metric_zones/hits/metrics/
{"127.0.0.1": 2, "8.8.8.8": 1, "9.9.9.9": 3}
--- log
access forbidden by rule, client: 8\.8\.8\.8, server
--- file_like who.log
^127\.0\.0\.1\n8\.8\.8\.8\n9\.9\.9\.9\n9\.9\.9\.9\n9\.9\.9\.9\n127\.0\.0\.1\n

=== in a location, once it is found
--- config
location / { set_real_ip_from 127.0.0.1; set $before $remote_addr; try_files /none @seen; }
location /within/ { set_real_ip_from 10.0.0.0/8; try_files /none @seen; location /within/again { set_real_ip_from 127.0.0.1; try_files /none @seen; } }
location @seen { return 200 "$before $remote_addr"; }
--- requests
GET /x = 127.0.0.1 1.2.3.4
 X-Real-IP: 1.2.3.4
GET /within/x =  127.0.0.1
 X-Real-IP: 1.2.3.4
GET /within/again =  1.2.3.4
 X-Real-IP: 1.2.3.4

=== what is written wrongly
--- config
set_real_ip_from 10.0.0.0/33;
set_real_ip_from no.such.host.invalid;
set_real_ip_from 10.0.0.1/8;
real_ip_recursive maybe;
real_ip_header;
--- error
pingauge: [emerg] host not found in "set_real_ip_from" "10.0.0.0/33" in config:1
   1 | set_real_ip_from 10.0.0.0/33;
     |                  ^^^^^^^^^^^
     help: an address, a network as 10.0.0.0/8, a host name or "unix:"
pingauge: [emerg] host not found in "set_real_ip_from" "no.such.host.invalid" in config:2
   2 | set_real_ip_from no.such.host.invalid;
     |                  ^^^^^^^^^^^^^^^^^^^^
     help: an address, a network as 10.0.0.0/8, a host name or "unix:"
pingauge: [warn] low address bits of 10.0.0.1/8 are meaningless in config:3
   3 | set_real_ip_from 10.0.0.1/8;
     |                  ^^^^^^^^^^
pingauge: [emerg] invalid value "maybe" in "real_ip_recursive" directive, it must be "on" or "off" in config:4
   4 | real_ip_recursive maybe;
     |                   ^^^^^
pingauge: [emerg] invalid number of arguments in "real_ip_header" directive in config:5
   5 | real_ip_header;
     | ^^^^^^^^^^^^^^^
     help: syntax: real_ip_header FIELD | X-Real-IP | X-Forwarded-For | proxy_protocol;
