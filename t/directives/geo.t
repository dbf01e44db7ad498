# geo: variables by address, as nginx has them.

=== networks, proxies, and what is included
--- http_config
geo $where {
    default       far;
    include       nets.conf;
    127.0.0.0/8   near;
    delete        10.2.0.0/16;
    2001:db8::/32 six;
}
geo $arg_ip $asked { ranges; default none; 10.0.0.0-10.0.0.9 low; 10.0.0.3-10.0.0.4 middle; }
geo $told { default far; 127.0.0.1 near; 10.0.0.0/8 ten; proxy 127.0.0.0/8; proxy_recursive; }
geo $arg_a $always { volatile; 10.0.0.0/8 ten; }
--- file nets.conf
10.0.0.0/8 ten;
10.1.0.0/16 "ten one";
10.2.0.0/16 gone;
--- config
location / { return 200 "$where $told"; }
location /asked { return 200 $asked; }
location /real/ { set_real_ip_from 127.0.0.1; try_files /none @seen; }
location @seen { return 200 $where; }
location /always { set $args a=10.1.1.1; set $first $always; set $args a=11.1.1.1; return 200 "$first,$always"; }
--- requests
GET / = near near
GET / = near ten
 X-Forwarded-For: 10.1.1.1, 127.0.0.2
GET /asked?ip=10.0.0.3 = middle
GET /asked?ip=10.0.0.5 = low
GET /asked?ip=10.0.0.10 = none
GET /asked?ip=x = none
GET /real/ = ten one
 X-Real-IP: 10.1.2.3
GET /real/ = ten
 X-Real-IP: 10.2.2.3
GET /real/ = six
 X-Real-IP: 2001:db8::7
GET /real/ = far
 X-Real-IP: 11.2.2.3
GET /always = ten,

=== what is written wrongly
--- http_config
geo $a {
    10.0.0.0/33 x;
    1.1.1.1;
    ranges;
}
geo $b { ranges; 1.1.1.1-1.1.1.9 1; 1.1.1.5-1.1.1.15 2; }
geo $uri { }
--- error
pingauge: [emerg] invalid network "10.0.0.0/33" in http_config:2
   2 |     10.0.0.0/33 x;
     |     ^^^^^^^^^^^
     help: an address or a network as 10.0.0.0/8
pingauge: [emerg] invalid number of the geo parameters in http_config:3
   3 |     1.1.1.1;
     |     ^^^^^^^^
     help: a line is NETWORK VALUE; or one of the words ranges, proxy_recursive and volatile
pingauge: [emerg] the "ranges" directive must be the first directive inside "geo" block in http_config:4
   4 |     ranges;
     |     ^^^^^^
pingauge: [emerg] range "1.1.1.5-1.1.1.15" overlaps "1.1.1.1-1.1.1.9" in http_config:6
   6 | geo $b { ranges; 1.1.1.1-1.1.1.9 1; 1.1.1.5-1.1.1.15 2; }
     |                                     ^^^^^^^^^^^^^^^^
pingauge: [emerg] the duplicate "uri" variable in http_config:7
   7 | geo $uri { }
     |     ^^^^
     help: this variable has a meaning of its own; choose another name

=== what is said twice
--- http_config
geo $a {
    10.0.0.0/8 x;
    10.0.0.0/8 y;
    10.1.1.1/9 z;
    delete 11.0.0.0/8;
    default a;
    default b;
}
--- warn
pingauge: [warn] duplicate network "10.0.0.0/8", value: "y", old value: "x" in http_config:3
   3 |     10.0.0.0/8 y;
     |     ^^^^^^^^^^
pingauge: [warn] low address bits of 10.1.1.1/9 are meaningless in http_config:4
   4 |     10.1.1.1/9 z;
     |     ^^^^^^^^^^
pingauge: [warn] no network "11.0.0.0/8" to delete in http_config:5
   5 |     delete 11.0.0.0/8;
     |            ^^^^^^^^^^
pingauge: [warn] duplicate default geo value "b", old value: "a" in http_config:7
   7 |     default b;
     |     ^^^^^^^
