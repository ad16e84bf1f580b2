# One INTERFACE target per layer, each linking its own libraries only. The order below is the architecture: a layer may
# include only layers that stand above it in this list (cmake/check_layers.cmake enforces it at build time).
set(restorable_layers base io hash codec archive postgres git inspect catalog audit verify testing)

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(LibArchive REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(date REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(b2 IMPORTED_TARGET libb2)
if(RESTORABLE_WITH_ISAL)
  pkg_check_modules(isal IMPORTED_TARGET libisal)
endif()

# restorable_layer(NAME [DEPENDS layer...] [LINK target...])
function(restorable_layer name)
  cmake_parse_arguments(layer "" "" "DEPENDS;LINK" ${ARGN})
  add_library(restorable_${name} INTERFACE)
  add_library(restorable::${name} ALIAS restorable_${name})
  set_target_properties(restorable_${name} PROPERTIES EXPORT_NAME ${name})
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/restorable/${name}/*.hpp)
  target_sources(restorable_${name} INTERFACE
    FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${headers})
  target_compile_features(restorable_${name} INTERFACE cxx_std_20)
  foreach(dependency IN LISTS layer_DEPENDS)
    target_link_libraries(restorable_${name} INTERFACE restorable_${dependency})
  endforeach()
  target_link_libraries(restorable_${name} INTERFACE ${layer_LINK})
endfunction()

restorable_layer(base LINK fmt::fmt)
restorable_layer(io DEPENDS base LINK Threads::Threads)
restorable_layer(hash DEPENDS io LINK OpenSSL::Crypto PkgConfig::xxhash)
# XXH3 is called once a row: inlined, a short row costs half
target_compile_definitions(restorable_hash INTERFACE XXH_INLINE_ALL)
restorable_layer(codec DEPENDS io LINK ZLIB::ZLIB LibArchive::LibArchive)
restorable_layer(archive DEPENDS io LINK LibArchive::LibArchive PkgConfig::xxhash)
restorable_layer(postgres DEPENDS io hash)
restorable_layer(git DEPENDS io hash LINK ZLIB::ZLIB)
restorable_layer(inspect DEPENDS hash codec archive postgres git)
restorable_layer(catalog DEPENDS base LINK PkgConfig::tomlplusplus date::date-tz)
restorable_layer(audit DEPENDS inspect catalog LINK nlohmann_json::nlohmann_json)
restorable_layer(verify DEPENDS inspect catalog audit)
restorable_layer(testing DEPENDS io)

if(b2_FOUND)
  target_link_libraries(restorable_hash INTERFACE PkgConfig::b2)
endif()
if(isal_FOUND)
  target_link_libraries(restorable_codec INTERFACE PkgConfig::isal)
  target_compile_definitions(restorable_codec INTERFACE RESTORABLE_HAVE_ISAL=1)
endif()

add_library(restorable INTERFACE)
add_library(restorable::restorable ALIAS restorable)
foreach(layer IN LISTS restorable_layers)
  target_link_libraries(restorable INTERFACE restorable_${layer})
endforeach()

# Part of every build: an include that points up the list stops it.
if(PROJECT_IS_TOP_LEVEL)
  list(JOIN restorable_layers "," layer_order)
  add_custom_target(check_layers ALL
    COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR}/include/restorable -DLAYERS=${layer_order}
            -P ${PROJECT_SOURCE_DIR}/cmake/check_layers.cmake
    COMMENT "Checking that includes point down the list of layers" VERBATIM)
endif()
