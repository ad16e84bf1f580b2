# Warnings are errors in this project's own targets; they are no business of whoever consumes the headers.
add_library(knowngood_warnings INTERFACE)
target_compile_options(knowngood_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wnull-dereference -Wextra-semi -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside its own standard library and inside fmt when it inlines; clang and the sanitizers stay.
  target_compile_options(knowngood_warnings INTERFACE -Wduplicated-cond -Wlogical-op
    -Wno-null-dereference -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds -Wno-dangling-pointer)
endif()
