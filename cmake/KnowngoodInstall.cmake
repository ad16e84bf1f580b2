# Installs the headers with a CMake package: find_package(knowngood), then link knowngood::<layer>.
# Components: headers (what a consumer needs) and the programs, which tools/CMakeLists.txt installs.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
include(CMakePackageConfigHelpers)
set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/knowngood)

set(layer_targets knowngood)
foreach(layer IN LISTS knowngood_layers)
  list(APPEND layer_targets knowngood_${layer})
  install(TARGETS knowngood_${layer} EXPORT knowngood_targets
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT headers)
endforeach()
install(TARGETS knowngood EXPORT knowngood_targets)
install(EXPORT knowngood_targets FILE knowngoodTargets.cmake NAMESPACE knowngood::
        DESTINATION ${package_directory} COMPONENT headers)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/knowngoodConfig.cmake.in
  ${PROJECT_BINARY_DIR}/knowngoodConfig.cmake INSTALL_DESTINATION ${package_directory})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/knowngoodConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/knowngoodConfig.cmake ${PROJECT_BINARY_DIR}/knowngoodConfigVersion.cmake
        DESTINATION ${package_directory} COMPONENT headers)
