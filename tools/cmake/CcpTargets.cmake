# The few kinds of target there are.
#
# ccp_library(NAME SOURCES a.cc ... LIBS x ...)   static library `NAME` with our warnings
# ccp_program(NAME SOURCES main.cc ... LIBS ...)  executable in ${CMAKE_BINARY_DIR}/bin
# ccp_compile_quickly(NAME)                       for what runs at a person's pace
# ccp_compile_together(NAME)                      for rooms of small files below heavy headers
# ccp_test(NAME SOURCES a_test.cc ... LIBS ...)   GoogleTest executable; each TEST is one ctest test

function(ccp_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ccp_flags ${ARG_LIBS})
endfunction()

# What every executable of a thread-sanitizer build links besides its own.
if(CCP_SANITIZE MATCHES "thread")
  set(CCP_SANITIZER_SOURCES ${CMAKE_SOURCE_DIR}/tests/sanitize/tsan_defaults.cc)
endif()

function(ccp_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES} ${CCP_SANITIZER_SOURCES})
  target_link_libraries(${name} PRIVATE ccp_flags ${ARG_LIBS})
endfunction()

# What runs at a person's pace is compiled quickly. Never for what a hot program links:
# the linker keeps one copy of each inline function, and it may be the slow one.
function(ccp_compile_quickly name)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${name} PRIVATE -O1)
  endif()
endfunction()

# A release build reads a heavy header (YAML, JSON tree, CLI, gRPC) once for several small files instead of once a file.
# Every other preset compiles each file alone, so a forgotten #include or a name in two anonymous namespaces still shows.
function(ccp_compile_together name)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 5)
  endif()
endfunction()

function(ccp_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES} ${CCP_SANITIZER_SOURCES})
  target_link_libraries(${name} PRIVATE ccp_flags GTest::gtest_main GTest::gmock ${ARG_LIBS})
  # What is tested is optimised as shipped; optimising the tests' own tables would double the time of a clean build.
  if(NOT CCP_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  # NO_PRETTY_VALUES: else a parameter without a printer puts its bytes into the name.
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES PROPERTIES TIMEOUT 120)
endfunction()
include(GoogleTest)
