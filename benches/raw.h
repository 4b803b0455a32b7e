// Files of raw 32-bit floats, which the checks in C++ take and give.
#pragma once
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

inline std::vector<float> read(const char *path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  std::vector<float> values(bytes.size() / sizeof(float));
  memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}
