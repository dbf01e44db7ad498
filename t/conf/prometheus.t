# Diagnostics of prometheus_template and prometheus.

=== a statement of one word
--- http_config
prometheus_template t { x; }
--- error_like
^pingauge: \[emerg\] (?=.*invalid number)(?=.*parameters).* in http_config:1$

=== a value that is no variable
--- http_config
prometheus_template t { x 5; }
--- error_like
^pingauge: \[emerg\] (?=.*variable)(?=.*"5").* in http_config:1$

=== a value of several parts
--- http_config
prometheus_template t { x $arg_a$arg_b; }
--- error_like
^pingauge: \[emerg\] (?=.*variable)(?=.*\$arg_a\$arg_b).* in http_config:1$

=== a value in braces
--- http_config
prometheus_template t { x ${arg_a}; }
--- error_like
^pingauge: \[emerg\] (?=.*variable|unexpected).* in http_config:1$

=== an unknown variable
--- http_config
prometheus_template t { x $nothing_known; }
--- error_like
^pingauge: \[emerg\] (?=.*nothing_known).* in http_config:1$

=== a variable in the name
--- http_config
prometheus_template t { "x$arg_a" $p8s_value; }
--- error_like
^pingauge: \[emerg\] (?=.*x\$arg_a).* in http_config:1$

=== an unknown option
--- http_config
prometheus_template t { x $p8s_value foo=bar; }
--- error_like
^pingauge: \[emerg\] (?=.*invalid metric parameter)(?=.*"foo=bar").* in http_config:1$

=== an empty path
--- http_config
prometheus_template t { x $p8s_value path=; }
--- error_like
^pingauge: \[emerg\] (?=.*empty)(?=.*path).* in http_config:1$

=== an empty pattern
--- http_config
prometheus_template t { x $p8s_value path=~; }
--- error_like
^pingauge: \[emerg\] (?=.*empty)(?=.*path|regex|pattern).* in http_config:1$

=== an empty type
--- http_config
prometheus_template t { x $p8s_value type=; }
--- error_like
^pingauge: \[emerg\] (?=.*empty)(?=.*type).* in http_config:1$

=== an empty help
--- http_config
prometheus_template t { x $p8s_value help=; }
--- error_like
^pingauge: \[emerg\] (?=.*empty)(?=.*help).* in http_config:1$

=== a broken pattern
--- http_config
prometheus_template t {
    y $p8s_value;
    x $p8s_value "path=~^/(";
}
--- error_like
^pingauge: \[emerg\] (?=.*\^/\().* in http_config:3$

=== labels without quotes
--- http_config
prometheus_template t { x{a="1"} $p8s_value; }
--- error_like
^pingauge: \[emerg\] (?=.*unexpected "\{").* in http_config:1$

=== a block inside
--- http_config
prometheus_template t { x { y $p8s_value; } }
--- error_like
^pingauge: \[emerg\] (?=.*unexpected "\{").* in http_config:1$

=== no block
--- http_config
prometheus_template t;
--- error_like
^pingauge: \[emerg\] (?=.*opening)(?=.*"prometheus_template").* in http_config:1$

=== a template twice
--- http_config
prometheus_template t { }
prometheus_template t { }
--- error_like
^pingauge: \[emerg\] (?=.*"t").* in http_config:2$

=== an unknown template
--- http_config
server {
    location / {
        prometheus t;
    }
}
--- error_like
^pingauge: \[emerg\] (?=.*"t").* in http_config:3$

=== prometheus on a server
--- http_config
prometheus_template t { }
server { prometheus t; }
--- error_like
^pingauge: \[emerg\] (?=.*not allowed here)(?=.*"prometheus").* in http_config:2$

=== $p8s_value cannot be set
--- http_config
server { set $p8s_value 1; }
--- error_like
^pingauge: \[emerg\] (?=.*p8s_value).* in http_config:1$
