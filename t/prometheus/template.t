# prometheus_template and prometheus: which lines come out, in which order, for which paths.

=== statements in order, the first match consumes
--- http_config
metric_zone last:64k last;
metric_zone hist:64k histogram 0.1 1 +Inf;
prometheus_template t {
    'last{key="$1"}' $p8s_value path=~^/http/metric_zones/last/metrics/(.+)$ type=gauge 'help=some help';
    'dead{key="$1"}' $p8s_value path=~^/http/metric_zones/last/metrics/(.+)$;
    'hist{key="$1",le="$2"}' $p8s_value path=~^/http/metric_zones/hist/metrics/([^/]+)/(.+)$ type=histogram;
    lastcount $p8s_value path=/http/metric_zones/last/metrics/;
    nothing $arg_nothing help=x;
    methodlen $arg_z type=gauge;
}
--- config
location /last { metric last $arg_k=$arg_v on=request; return 204; }
location /hist { metric hist $arg_k=$arg_v on=request; return 204; }
location /p8s { prometheus t; }
--- requests
GET /last?k=k1&v=5.5 204
GET /hist?k=A&v=0.3 204
GET /hist?k=A&v=7 204
--- prometheus /p8s?z=7
# Angie Prometheus template "t"
# HELP last some help
# TYPE last gauge
last{key="k1"} 5.5
# TYPE hist histogram
hist{key="A",le="0.1"} 0
hist{key="A",le="1"} 1
hist{key="A",le="+Inf"} 2
lastcount 1
# TYPE methodlen gauge
methodlen 7
--- response_headers
Content-Type: ~^text/plain; version=0\.0\.4
Cache-Control: no-cache
Expires: Thu, 01 Jan 1970 00:00:01 GMT
Content-Length: ~^\d+$

=== methods, the rest of the URI, use before declaration
--- http
server { listen 80; location /p8s { prometheus t; location /p8s/inner { } } location @named { prometheus t; } location /n { try_files /none @named; } }
prometheus_template t { }
--- requests
GET /p8s = # Angie Prometheus template "t"\n
GET /p8s/foo = # Angie Prometheus template "t"\n
GET /n = # Angie Prometheus template "t"\n
GET /p8s/inner/x 404
HEAD /p8s
--- response_headers
Content-Length: 32
--- response_body
--- requests
POST /p8s 405
--- response_headers
Content-Type: ~^text/html

=== capitals match as written
# The peer lower-cases literal paths and ignores case in a regex that holds a capital.
--- http_config
metric_zone Zone:64k count;
prometheus_template t {
    literal $p8s_value path=/http/metric_zones/Zone/metrics/Key;
    regex $p8s_value path=~^/http/metric_zones/Zone/metrics/[A-Z]+$;
    'insensitive{key="$1"}' $p8s_value path=~*^/http/metric_zones/zone/metrics/(k.*)$;
}
--- config
location /z { metric Zone $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z?k=Key 204
GET /z?k=CAPS 204
GET /z?k=caps 204
GET /z?k=KX1 204
--- prometheus /p
# Angie Prometheus template "t"
literal 1
regex 1
insensitive{key="KX1"} 1

=== objects give the number of their members, after them
--- http_config
metric_zone z:64k count;
prometheus_template t {
    'all{path="$1"}' $p8s_value path=~^/http/metric_zones/(.*)$;
}
--- config
location /z { metric z $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z?k=a/b 204
--- prometheus /p
# Angie Prometheus template "t"
all{path="z/discarded"} 0
all{path="z/metrics/a/b"} 1
all{path="z/metrics/"} 1
all{path="z/"} 2
all{path=""} 1

=== named captures, and values through a map
--- http_config
metric_zone z:64k count;
map $p8s_value $doubled { 1 2; 2 4; default 0; }
map $zn $short { z short; default long; }
prometheus_template t {
    'm{zone="$zn",short="$short",key="$2"}' $doubled path=~^/http/metric_zones/(?<zn>[^/]+)/metrics/([^/]+)$;
}
--- config
location /z { metric z $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z?k=a 204
GET /z?k=b 204
GET /z?k=b 204
GET /p ~ ^m\{zone="z",short="short",key="a"\} 2$
GET /p ~ ^m\{zone="z",short="short",key="b"\} 4$

=== HELP and TYPE once per name
--- http_config
metric_zone z:64k count;
prometheus_template t {
    'm{kind="discarded"}' $p8s_value path=/http/metric_zones/z/discarded type=gauge help=first;
    other $p8s_value path=/http/metric_zones/z/metrics/ help=between;
    'm{kind="key"}' $p8s_value path=/http/metric_zones/z/metrics/k type=gauge help=second;
}
--- config
location /z { metric z k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z 204
--- prometheus /p
# Angie Prometheus template "t"
# HELP m first
# TYPE m gauge
m{kind="discarded"} 0
m{kind="key"} 1
# HELP other between
other 1

=== include inside a template
--- file more
included $p8s_value path=/http/metric_zones/z/metrics/k;
--- http_config
metric_zone z:64k count;
prometheus_template t { first $p8s_value path=/http/metric_zones/z/discarded; include $DIR/more; }
--- config
location /z { metric z k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z 204
--- prometheus /p
# Angie Prometheus template "t"
first 0
included 1

=== texts are no samples; a map makes numbers of them
--- http_config
map $p8s_value $known { ~. 1; default 0; }
prometheus_template t {
    raw $p8s_value path=/angie/version;
    known $known path=/angie/address;
    generation $p8s_value path=/angie/generation;
    seconds $p8s_value path=/angie/load_time;
    sections $p8s_value path=/;
}
--- config
location /p { prometheus t; }
--- requests
GET /p ~ ^known 1\ngeneration 1\nseconds \d{10}\nsections \d\n
--- no_log
\[alert\]

=== numbers as everywhere else
--- http_config
metric_zone z:64k last;
prometheus_template t { 'v{k="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$; }
--- config
location /z { metric z k=$arg_v on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z?v=1e21 204
--- prometheus /p
# Angie Prometheus template "t"
v{k="k"} 1e+21
--- requests
GET /z?v=1e-7 204
--- prometheus /p
# Angie Prometheus template "t"
v{k="k"} 1e-7

=== a long page knows the variables of its request
--- http_config
metric_zone z:1m count;
prometheus_template t {
    'keys{by="$by",name="$name",uri="$uri",k="$arg_k"}' $p8s_value path=/http/metric_zones/z/metrics/;
    'z{k="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$;
}
--- config
location /z { metric z $arg_k on=request; return 204; }
location ~ ^/p/(?<name>.+)$ { set $by me; prometheus t; }
--- requests
GET /z?k=<<#4>> 204 x2100
GET /p/x?k=v ~ keys\{by="me",name="x",uri="/p/x",k="v"\} 2100\nz\{k="

=== a long page has its families in order, each item once, each head once
--- http_config
metric_zone z:1m count;
prometheus_template t {
    keys $p8s_value path=/http/metric_zones/z/metrics/ help=first;
    'z{a="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(a.*)$ type=counter;
    generation $p8s_value path=/angie/generation;
    'z{other="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$ type=gauge;
    'dead{key="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$;
    constant $arg_v;
}
--- config
location /z { metric z $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z?k=a<<#4>> 204 x1100
GET /z?k=b<<#4>> 204 x1100
GET /p?v=7 ~ ^# Angie Prometheus template "t"\n# HELP keys first\nkeys 2200\n# TYPE z counter\n(z\{a="a\d{4}"\} 1\n)+(z\{other="b\d{4}"\} 1\n)+generation 1\nconstant 7\n$
HEAD /p?v=7 200
--- response_headers
!Content-Length
--- response_body

=== what is left out is told once
--- http_config
prometheus_template t { version $p8s_value path=/angie/version; }
--- config
location /p { prometheus t; }
--- requests
GET /p x3 = # Angie Prometheus template "t"\n
--- log
template "t": 1 values are not numbers
--- no_log
(?s)are not numbers.*are not numbers

=== groups that take no part are empty, and other statements have the captures of the location
--- http_config
metric_zone z:64k last;
map $arg_v $one { default 1; }
prometheus_template t {
    'z{a="$1",b="$2",c="$3"}' $p8s_value path=~^/http/metric_zones/z/metrics/(x)?([^/]+)(y)?$;
    'generation{a="$1"}' $p8s_value path=/angie/generation;
    'constant{a="$1"}' $one;
}
--- config
location /z { metric z $arg_k=$arg_v on=request; return 204; }
location ~ ^/p/(.*)$ { prometheus t; }
--- requests
GET /z?k=k&v=5 204
--- prometheus /p/own
# Angie Prometheus template "t"
z{a="",b="k",c=""} 5
generation{a="own"} 1
constant{a="own"} 1

=== a pattern in a map leaves the captures of the path alone
--- http_config
metric_zone z:64k last;
map $p8s_value $known { volatile; ~^(1)$ one; ~^(2)$ 2; default 0; }
map $p8s_value $kind { volatile; ~^(.)$ "<$1>"; }
prometheus_template t {
    'z{key="$1"}' $known path=~^/http/metric_zones/z/metrics/([a-b])$;
    'y{kind="$kind",key="$1"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$;
}
--- config
location /z { metric z $arg_k=$arg_v on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /z?k=a&v=2 204
GET /z?k=b&v=3 204
GET /z?k=c&v=4 204
--- prometheus /p
# Angie Prometheus template "t"
z{key="a"} 2
z{key="b"} 0
y{kind="<4>",key="c"} 4
