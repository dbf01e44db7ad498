# userid and its family: cookies by which clients are known again. The layout is nginx's.

=== a cookie for those that have none
--- config
location / { userid on; return 200 [$uid_got]; }
location /much { userid on; userid_name u; userid_expires max; userid_domain a.test; userid_path /x; userid_flags secure httponly samesite=lax; userid_mark m; userid_p3p 'x="y"'; userid_service 7; return 200 [$uid_got][$uid_set]; }
location /log { userid log; return 200 [$uid_got][$uid_set]; }
location /off { userid on; location /off/in { userid off; return 200 [$uid_got][$uid_set]; } }
--- requests
GET / = []
--- response_headers
Set-Cookie: ~^uid=fwAAA[A-Za-z0-9+/]{17}==; path=/$
--- requests
GET / = [uid=04030201080706050C0B0A09100F0E0D]
 Cookie: a=b; uid=AQIDBAUGBwgJCgsMDQ4PEA==
--- response_headers
!Set-Cookie
--- requests
GET /much ~ ^\[\]\[u=07000000[0-9A-F]{24}\]$
--- response_headers
Set-Cookie: ~^u=AAAAB[A-Za-z0-9+/]{17}m=; expires=Thu, 31-Dec-37 23:55:55 GMT; domain=a\.test; path=/x; secure; httponly; samesite=lax$
P3P: x="y"
--- requests
GET /much = [u=04030201080706050C0B0A09100F0E0D][u=04030201080706050C0B0A09100F0E0D]
 Cookie: u=AQIDBAUGBwgJCgsMDQ4PEA==
--- response_headers
Set-Cookie: ~^u=AQIDBAUGBwgJCgsMDQ4PEAm=;
--- requests
GET /much = [u=04030201080706050C0B0A09100F0E0D][]
 Cookie: u=AQIDBAUGBwgJCgsMDQ4PEAm=
--- response_headers
!Set-Cookie
!P3P
--- requests
GET /log = [uid=04030201080706050C0B0A09100F0E0D][]
 Cookie: uid=AQIDBAUGBwgJCgsMDQ4PEA==
GET /log = [][]
--- response_headers
!Set-Cookie
--- requests
GET /off/in = [][]
 Cookie: uid=AQIDBAUGBwgJCgsMDQ4PEA==

=== the older form, and a time
--- config
location / { userid v1; userid_service 7; userid_expires 1h; return 200 [$uid_set]; }
--- requests
GET / ~ ^\[uid=00000007[0-9A-F]{24}\]$
--- response_headers
Set-Cookie: ~^uid=BwAAA[A-Za-z0-9+/]{17}==; expires=[A-Z][a-z]{2}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT; path=/$

=== another identifier
--- config
location / { userid on; set $uid_reset $arg_r; return 200 [$uid_got]; }
--- requests
GET /?r=0 = [uid=04030201080706050C0B0A09100F0E0D]
 Cookie: uid=AQIDBAUGBwgJCgsMDQ4PEA==
--- response_headers
!Set-Cookie
--- requests
GET /?r=log = [uid=04030201080706050C0B0A09100F0E0D]
 Cookie: uid=AQIDBAUGBwgJCgsMDQ4PEA==
--- response_headers
Set-Cookie: ~^uid=fwAAA
--- log
userid cookie "uid=04030201080706050C0B0A09100F0E0D" was reset, client

=== cookies of others
--- config
location / { userid on; return 200 [$uid_got]; }
--- requests
GET / = []
 Cookie: uid=short
--- response_headers
Set-Cookie: ~^uid=fwAAA
--- requests
GET / = []
 Cookie: uid=AQIDBAUGBwgJCgsMDQ4P!!==
--- log
client sent too short userid cookie "uid=short", client
client sent invalid userid cookie "uid=AQIDBAUGBwgJCgsMDQ4P!!==", client

=== what is written wrongly
--- config
userid maybe;
userid_mark ab;
userid_flags secure loud;
userid_service -1;
userid_name "";
--- error_like
^pingauge: \[emerg\] invalid value "maybe" in "userid" directive, it must be .* in config:1$
^pingauge: \[emerg\] value must be "off" or a single letter, digit or "=" in config:2$
^pingauge: \[emerg\] invalid parameter "loud" in config:3$
^pingauge: \[emerg\] invalid value "-1" in config:4$
^pingauge: \[emerg\] invalid value "" in config:5$

=== a redirect from where cookies are only looked at
--- config
location /look { userid log; add_header X-Seen [$uid_got] always; try_files /none /give; }
location /log { userid log; if ($uid_got) { return 403; } try_files /none /give; }
location /other { userid on; userid_name other; if ($uid_got) { return 403; } try_files /none /give; }
location /give { userid on; try_files /none =204; }
--- requests
GET /look 204
--- response_headers
Set-Cookie: ~^uid=.{24}; path=/$
--- requests
GET /log 204
--- response_headers
Set-Cookie: ~^uid=.{24}; path=/$
--- requests
GET /other 204
--- response_headers
Set-Cookie: ~^uid=.{24}; path=/$
