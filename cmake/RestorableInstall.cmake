# Installs the headers with a CMake package: find_package(restorable), then link restorable::<layer>.
# Components: headers (what a consumer needs) and the programs, which tools/CMakeLists.txt installs.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
include(CMakePackageConfigHelpers)
set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/restorable)

set(layer_targets restorable)
foreach(layer IN LISTS restorable_layers)
  list(APPEND layer_targets restorable_${layer})
  install(TARGETS restorable_${layer} EXPORT restorable_targets
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT headers)
endforeach()
install(TARGETS restorable EXPORT restorable_targets)
install(EXPORT restorable_targets FILE restorableTargets.cmake NAMESPACE restorable::
        DESTINATION ${package_directory} COMPONENT headers)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/restorableConfig.cmake.in
  ${PROJECT_BINARY_DIR}/restorableConfig.cmake INSTALL_DESTINATION ${package_directory})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/restorableConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/restorableConfig.cmake ${PROJECT_BINARY_DIR}/restorableConfigVersion.cmake
        DESTINATION ${package_directory} COMPONENT headers)
