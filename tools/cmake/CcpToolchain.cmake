# Compiler cache, linker, sanitizers, warnings.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD AND NOT CCP_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

if(CCP_SANITIZE)
  add_compile_options(-fsanitize=${CCP_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CCP_SANITIZE})
  if(CCP_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      # With this one check clang 14 cannot compile coroutines: "Cannot represent a difference across sections".
      add_compile_options(-fno-sanitize=function)
    endif()
  endif()
endif()
if(CCP_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Left out, because with g++ 12 and -O2 they report the insides of std::string and of Asio's coroutine frames:
# -Wnull-dereference, -Wrestrict, -Wmismatched-new-delete.
add_library(ccp_flags INTERFACE)
target_compile_options(ccp_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
                       -Woverloaded-virtual -Wconversion -Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(ccp_flags INTERFACE -Wno-restrict -Wno-mismatched-new-delete)
endif()
target_include_directories(ccp_flags INTERFACE ${CMAKE_SOURCE_DIR})
