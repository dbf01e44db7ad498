//! Programs behind FastCGI: those that mean no good, and php-fpm beside Debian's nginx.

mod hostile;
mod php;
