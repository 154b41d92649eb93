# nvcc.cmake: compiles the CUDA back end by nvcc, whose words on registers and spills stay beside each object (.ptxas).
# By commands of our own: CMake's CUDA language wants a whole toolkit where the Python wheels have only its parts.
set(GATUN_NVCC "" CACHE FILEPATH "nvcc 12.8 or newer; scripts/nvcc prints one")
set(GATUN_CUDA_ARCHITECTURES "80;86;89;90;120" CACHE STRING "Compute capabilities to compile for; native asks the GPU")
option(GATUN_CUDA_LINES "Source lines in the kernels, for profilers and compute-sanitizer: twice the size" OFF)
option(GATUN_CUDA_PTX "With architecture 90, kernels also for GPUs that came later, by the driver's compiler" ON)
if(NOT GATUN_NVCC)
  execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/nvcc OUTPUT_VARIABLE nvcc OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
  set_property(CACHE GATUN_NVCC PROPERTY VALUE ${nvcc})
endif()

set(nvcc_flags -std=c++20 -O3 -fmad=false --expt-relaxed-constexpr -Werror=all-warnings -Xptxas=-v
  -Xcompiler=-fPIC,-fvisibility=hidden,-fvisibility-inlines-hidden)
if(GATUN_CUDA_LINES)
  list(APPEND nvcc_flags -lineinfo)
endif()
if(GATUN_CUDA_ARCHITECTURES STREQUAL native)
  list(APPEND nvcc_flags -arch=native)
else()
  # The sources differ below and from 9.0 (dependencyWait), so the compiler's long way to PTX is gone twice, not for
  # each architecture, and once more for 12.0: from PTX for 9.0 its kernels spill. The PTX itself is for GPUs between and
  # after, by the driver.
  foreach(arch IN LISTS GATUN_CUDA_ARCHITECTURES)
    set(virtual 80)
    foreach(newer 90 120)
      if(arch GREATER_EQUAL newer)
        set(virtual ${newer})
      endif()
    endforeach()
    list(APPEND real_${virtual} sm_${arch})
  endforeach()
  if(real_90 AND GATUN_CUDA_PTX)
    list(APPEND real_90 compute_90)
  endif()
  foreach(virtual 80 90 120)
    set(real ${real_${virtual}})
    if(real)
      list(JOIN real "," real)
      list(APPEND nvcc_flags "-gencode=arch=compute_${virtual},code=[${real}]")
    endif()
  endforeach()
endif()
foreach(folder IN LISTS GATUN_CUDA_INCLUDES)
  list(APPEND nvcc_flags -I${folder})
endforeach()
list(JOIN nvcc_flags " " nvcc_flags)

# gatun_nvcc_objects(OUT SOURCES...): the objects' paths.
function(gatun_nvcc_objects out)
  foreach(source IN LISTS ARGN)
    set(file ${CMAKE_CURRENT_SOURCE_DIR}/${source})
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${source}.o)
    get_filename_component(folder ${object} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    set(compile "${GATUN_NVCC} ${nvcc_flags} -MD -MF ${object}.d -MT ${object} -x cu -c ${file} -o ${object}")
    add_custom_command(OUTPUT ${object} DEPENDS ${file} DEPFILE ${object}.d
      COMMAND sh -c "${compile} >${object}.ptxas 2>&1 || { cat ${object}.ptxas; rm -f ${object}; exit 1; }"
      COMMENT "nvcc ${source}" VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(${out} ${objects} PARENT_SCOPE)
endfunction()

get_filename_component(toolkit ${GATUN_NVCC} REALPATH)
get_filename_component(toolkit ${toolkit} DIRECTORY)
get_filename_component(toolkit ${toolkit} DIRECTORY)
find_library(GATUN_CUDART cudart_static NO_DEFAULT_PATH REQUIRED
  HINTS ${toolkit}/lib64 ${toolkit}/lib ${toolkit}/targets/x86_64-linux/lib ${toolkit}/targets/sbsa-linux/lib)
find_path(GATUN_CUDA_HEADERS cuda_runtime_api.h NO_DEFAULT_PATH REQUIRED
  HINTS ${toolkit}/include ${toolkit}/targets/x86_64-linux/include ${toolkit}/targets/sbsa-linux/include)

# gatun_link_cuda(TARGET): the CUDA runtime, statically, so that the library loads where there is no driver.
function(gatun_link_cuda target)
  target_link_libraries(${target} PUBLIC ${GATUN_CUDART} Threads::Threads ${CMAKE_DL_LIBS} rt)
endfunction()

# gatun_use_cuda(TARGET): for programs that call the runtime themselves.
function(gatun_use_cuda target)
  target_include_directories(${target} SYSTEM PRIVATE ${GATUN_CUDA_HEADERS})
  gatun_link_cuda(${target})
endfunction()
