# What makes a build from nothing quick: the headers of others that nearly every source includes are parsed once and
# not a few hundred times, and the sources of most targets are compiled eight at a time, which makes half the work. For the
# builder's time alone: every source includes what it uses, which the preset `tidy` sees, and -DLINTEL_QUICK=OFF builds each by itself.
option(LINTEL_QUICK "headers of others are precompiled, sources compiled together" OFF)

set(kLibraryHeaders <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <cstdlib> <cstring> <filesystem>
  <fstream> <functional> <map> <memory> <mutex> <optional> <random> <set> <span> <sstream> <string> <string_view>
  <system_error> <thread> <tuple> <utility> <variant> <vector> <fmt/format.h> <tl/expected.hpp>)
set(kTestHeaders ${kLibraryHeaders} <doctest/doctest.h>)

# One target carries each set; the others take it from there. All are compiled with the same flags and
# definitions as far as these headers look at them (lintel_options), or the compiler refuses the set.
function(lintel_precompile set)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/${set}.cpp CONTENT "")
  add_library(lintel_precompiled_${set} STATIC ${CMAKE_BINARY_DIR}/precompiled/${set}.cpp)
  target_link_libraries(lintel_precompiled_${set} PRIVATE lintel_options)
  # A set that comes out of the compiler's cache is older than the file that lists it, which Clang would refuse.
  target_compile_options(lintel_precompiled_${set} PRIVATE
    $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
  target_precompile_headers(lintel_precompiled_${set} PRIVATE ${ARGN})
endfunction()

if(LINTEL_QUICK)
  lintel_precompile(library ${kLibraryHeaders})
  lintel_precompile(test ${kTestHeaders})
endif()

# lintel_precompiled(TARGET library|test)
function(lintel_precompiled target set)
  if(LINTEL_QUICK)
    target_precompile_headers(${target} REUSE_FROM lintel_precompiled_${set})
    # GCC 12 finds false overflows in std::string, and forgets for precompiled headers that they are not ours.
    set_target_properties(${target} PROPERTIES LINTEL_PRECOMPILED ON)
  endif()
endfunction()

# lintel_together(TARGET): no two of its sources use one name for what each keeps to itself.
function(lintel_together target)
  if(LINTEL_QUICK)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    # A class of a source may hold what is the source's own.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()
