# Diagnostics of metric_zone and metric_complex_zone: what they name and where they point.

=== too few arguments
--- http_config
metric_zone z:1m;
--- error_like
^pingauge: \[emerg\] (?=.*invalid number of arguments)(?=.*"metric_zone").* in http_config:1$

=== too small, in bytes
--- http_config
metric_zone z:32767 count;
--- error_like
^pingauge: \[emerg\] (?=.*"z")(?=.*32768).* in http_config:1$

=== too small, with a unit
--- http_config
metric_zone z:31k count;
--- error_like
^pingauge: \[emerg\] (?=.*"z")(?=.*32768).* in http_config:1$

=== no gigabytes
--- http_config
metric_zone z:1g count;
--- error_like
^pingauge: \[emerg\] (?=.*size)(?=.*"1g").* in http_config:1$

=== no fraction
--- http_config
metric_zone z:1.5m count;
--- error_like
^pingauge: \[emerg\] (?=.*size)(?=.*"1\.5m").* in http_config:1$

=== no sign
--- http_config
metric_zone z:-1m count;
--- error_like
^pingauge: \[emerg\] (?=.*size)(?=.*"\-1m").* in http_config:1$

=== no size after the colon
--- http_config
metric_zone z: count;
--- error_like
^pingauge: \[emerg\] (?=.*invalid zone specification)(?=.*"z:").* in http_config:1$

=== no name
--- http_config
metric_zone :1m count;
--- error_like
^pingauge: \[emerg\] (?=.*invalid zone specification)(?=.*":1m").* in http_config:1$

=== a third part
--- http_config
metric_zone z:1m:foo count;
--- error_like
^pingauge: \[emerg\] (?=.*invalid zone specification)(?=.*"z:1m:foo").* in http_config:1$

=== no size at all
--- http_config
metric_zone z count;
--- error_like
^pingauge: \[emerg\] (?=.*z)(?=.*size|specification).* in http_config:1$

=== unknown mode
--- http_config
metric_zone z:1m foo;
--- error_like
^pingauge: \[emerg\] (?=.*unknown mode)(?=.*"foo").* in http_config:1$

=== modes are lower-case
--- http_config
metric_zone z:1m Count;
--- error_like
^pingauge: \[emerg\] (?=.*unknown mode)(?=.*"Count").* in http_config:1$

=== an unknown option is taken for a mode
--- http_config
metric_zone z:1m foo=bar count;
--- error_like
^pingauge: \[emerg\] (?=.*unknown mode)(?=.*"foo=bar").* in http_config:1$

=== average needs its second word
--- http_config
metric_zone z:1m average;
--- error_like
^pingauge: \[emerg\] (?=.*unknown mode)(?=.*"average").* in http_config:1$

=== average foo
--- http_config
metric_zone z:1m average foo;
--- error_like
^pingauge: \[emerg\] (?=.*unknown mode)(?=.*average).* in http_config:1$

=== missing mode
--- http_config
metric_zone z:1m expire=on;
--- error_like
^pingauge: \[emerg\] (?=.*missing mode)(?=.*"metric_zone").* in http_config:1$

=== unknown expire mode
--- http_config
metric_zone z:1m expire=maybe count;
--- error_like
^pingauge: \[emerg\] (?=.*expire)(?=.*"maybe").* in http_config:1$

=== expire is lower-case
--- http_config
metric_zone z:1m expire=ON count;
--- error_like
^pingauge: \[emerg\] (?=.*expire)(?=.*"ON").* in http_config:1$

=== an empty expire mode
--- http_config
metric_zone z:1m expire= count;
--- error_like
^pingauge: \[emerg\] (?=.*expire)(?=.*"").* in http_config:1$

=== count takes no parameter
--- http_config
metric_zone z:1m count foo;
--- error_like
^pingauge: \[emerg\] (?=.*unknown parameter)(?=.*"foo").* in http_config:1$

=== options stand before the mode
--- http_config
metric_zone z:1m count expire=on;
--- error_like
^pingauge: \[emerg\] (?=.*unknown parameter)(?=.*"expire=on").* in http_config:1$

=== factor above 99
--- http_config
metric_zone z:1m average exp factor=100;
--- error_like
^pingauge: \[emerg\] (?=.*factor)(?=.*"100").* in http_config:1$

=== factor with a fraction
--- http_config
metric_zone z:1m average exp factor=1.5;
--- error_like
^pingauge: \[emerg\] (?=.*factor)(?=.*"1\.5").* in http_config:1$

=== negative factor
--- http_config
metric_zone z:1m average exp factor=-1;
--- error_like
^pingauge: \[emerg\] (?=.*factor)(?=.*"\-1").* in http_config:1$

=== empty factor
--- http_config
metric_zone z:1m average exp factor=;
--- error_like
^pingauge: \[emerg\] (?=.*factor)(?=.*"").* in http_config:1$

=== average exp has no count
--- http_config
metric_zone z:1m average exp count=5;
--- error_like
^pingauge: \[emerg\] (?=.*invalid parameter)(?=.*"count=5").* in http_config:1$

=== average mean has no factor
--- http_config
metric_zone z:1m average mean factor=5;
--- error_like
^pingauge: \[emerg\] (?=.*invalid parameter)(?=.*"factor=5").* in http_config:1$

=== a window of zero
--- http_config
metric_zone z:1m average mean window=0s;
--- error_like
^pingauge: \[emerg\] (?=.*window)(?=.*zero|0).* in http_config:1$

=== a window in years
--- http_config
metric_zone z:1m average mean window=1y;
--- error_like
^pingauge: \[emerg\] (?=.*window)(?=.*"1y").* in http_config:1$

=== an empty window
--- http_config
metric_zone z:1m average mean window=;
--- error_like
^pingauge: \[emerg\] (?=.*window)(?=.*"").* in http_config:1$

=== a count of zero
--- http_config
metric_zone z:1m average mean count=0;
--- error_like
^pingauge: \[emerg\] (?=.*count)(?=.*0).* in http_config:1$

=== a count that is no number
--- http_config
metric_zone z:1m average mean count=ten;
--- error_like
^pingauge: \[emerg\] (?=.*count)(?=.*"ten").* in http_config:1$

=== a negative count
--- http_config
metric_zone z:1m average mean count=-1;
--- error_like
^pingauge: \[emerg\] (?=.*count)(?=.*"\-1").* in http_config:1$

=== a count that can never fit
--- http_config
metric_zone z:32k average mean count=100000000;
--- error_like
^pingauge: \[emerg\] (?=.*z|count).* in http_config:1$

=== a histogram without buckets
--- http_config
metric_zone z:1m histogram;
--- error_like
^pingauge: \[emerg\] (?=.*histogram)(?=.*empty).* in http_config:1$

=== equal buckets written differently
--- http_config
metric_zone z:1m histogram 1 2 1.0;
--- error_like
^pingauge: \[emerg\] (?=.*bucket)(?=.*"1\.0").* in http_config:1$

=== zero and minus zero
--- http_config
metric_zone z:1m histogram 0 -0;
--- error_like
^pingauge: \[emerg\] (?=.*bucket)(?=.*"\-0").* in http_config:1$

=== two infinities
--- http_config
metric_zone z:1m histogram inf +Inf;
--- error_like
^pingauge: \[emerg\] (?=.*bucket)(?=.*"\+Inf").* in http_config:1$

=== a word for a bucket
--- http_config
metric_zone z:1m histogram 1 abc;
--- error_like
^pingauge: \[emerg\] (?=.*bucket)(?=.*"abc").* in http_config:1$

=== trailing letters in a bucket
--- http_config
metric_zone z:1m histogram 2x;
--- error_like
^pingauge: \[emerg\] (?=.*bucket)(?=.*"2x").* in http_config:1$

=== a bucket out of range
--- http_config
metric_zone z:1m histogram 1e999;
--- error_like
^pingauge: \[emerg\] (?=.*bucket)(?=.*"1e999").* in http_config:1$

=== the same zone twice
--- http_config
metric_zone z:1m count;
metric_zone z:1m count;
--- error_like
^pingauge: \[emerg\] (?=.*metric_zone)(?=.*"z").* in http_config:2$

=== two sizes
--- http_config
metric_zone z:1m count;
metric_zone z:2m count;
--- error_like
^pingauge: \[emerg\] (?=.*size)(?=.*"z").* in http_config:2$

=== both forms of one name
--- http_config
metric_zone z:1m count;
metric_complex_zone z:1m { x count; }
--- error_like
^pingauge: \[emerg\] (?=.*"z").* in http_config:2$

=== variables of two zones collide
--- http_config
metric_zone foo:1m count;
metric_zone Foo:1m count;
--- error_like
^pingauge: \[emerg\] (?=.*foo)(?=.*Foo).* in http_config:\d$

=== a zone named like a value variable
--- http_config
metric_zone a:1m count;
metric_zone a_value:1m count;
--- error_like
^pingauge: \[emerg\] (?=.*a)(?=.*a_value).* in http_config:\d$

=== a zone named like a submetric variable
--- http_config
metric_complex_zone a:1m { x count; }
metric_zone a_value_x:1m count;
--- error_like
^pingauge: \[emerg\] (?=.*a_value_x).* in http_config:\d$

=== submetrics that differ by case
--- http_config
metric_complex_zone a:1m { x count; X gauge; }
--- error_like
^pingauge: \[emerg\] (?=.*x)(?=.*X).* in http_config:1$

=== a complex zone without block
--- http_config
metric_complex_zone z:1m;
--- error_like
^pingauge: \[emerg\] (?=.*opening)(?=.*"metric_complex_zone").* in http_config:1$

=== an unknown option of a complex zone
--- http_config
metric_complex_zone z:1m foo { x count; }
--- error_like
^pingauge: \[emerg\] (?=.*invalid parameter)(?=.*"foo").* in http_config:1$

=== too many options of a complex zone
--- http_config
metric_complex_zone z:1m expire=on discard_key=a expire=off { x count; }
--- error_like
^pingauge: \[emerg\] (?=.*invalid number of arguments)(?=.*"metric_complex_zone").* in http_config:1$

=== a submetric without mode
--- http_config
metric_complex_zone z:1m {
    y count;
    x;
}
--- error_like
^pingauge: \[emerg\] (?=.*missing mode)(?=.*"x").* in http_config:3$

=== a submetric twice
--- http_config
metric_complex_zone z:1m {
    x count;
    x gauge;
}
--- error_like
^pingauge: \[emerg\] (?=.*duplicated? metric name)(?=.*"x").* in http_config:3$

=== a block in a complex zone
--- http_config
metric_complex_zone z:1m { x { y count; } }
--- error_like
^pingauge: \[emerg\] (?=.*unexpected "\{").* in http_config:1$

=== a complex zone without submetrics
--- http_config
metric_complex_zone z:1m { }
--- error_like
^pingauge: \[emerg\] (?=.*z).* in http_config:1$

=== a bad mode in a complex zone
--- http_config
metric_complex_zone z:1m {
    x count;
    y
      mode;
}
--- error_like
^pingauge: \[emerg\] (?=.*unknown mode)(?=.*"mode").* in http_config:4$

=== metric_zone outside http
--- http_config
server { metric_zone z:1m count; }
--- error_like
^pingauge: \[emerg\] (?=.*not allowed here)(?=.*"metric_zone").* in http_config:1$
