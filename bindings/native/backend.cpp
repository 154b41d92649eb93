// backend.cpp: what all back ends are made of and by, compiled once and for every processor.
#include "backend.hpp"

namespace gatun {

Backend::Backend() = default;
Backend::~Backend() = default;

}  // namespace gatun
