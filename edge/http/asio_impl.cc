// The one place where Asio and Beast are compiled (see CMakeLists.txt): elsewhere they are headers only in name.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
