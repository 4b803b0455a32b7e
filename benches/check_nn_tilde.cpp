// Plays a module with nn~'s own backend (acids-ircam/nn_tilde, src/backend), block by block as Max and Pure
// Data do, and writes what comes out.
//
// check_nn_tilde MODULE SOUND CHANNELS BLOCK OUT: raw 32-bit floats, one channel after the other. Prints one
// JSON line: {"methods", "attributes", "encode", "realtime"}.
#include "backend/backend.h"

#include "raw.h"

#include <chrono>
#include <iostream>

static double play(Backend &backend, const std::string &method, std::vector<float> &sound, int channels,
                   int outputs, int block, std::vector<float> &out) {
  int n = sound.size() / channels;
  out.assign(size_t(n) * outputs, 0.f);
  auto from = std::chrono::steady_clock::now();
  for (int start = 0; start + block <= n; start += block) {
    std::vector<float *> ins, outs;
    for (int c = 0; c < channels; c++) ins.push_back(sound.data() + size_t(c) * n + start);
    for (int c = 0; c < outputs; c++) outs.push_back(out.data() + size_t(c) * n + start);
    backend.perform(ins, outs, method, 1, outputs, block);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  torch::set_num_threads(1);
  Backend backend;
  int channels = atoi(argv[3]), block = atoi(argv[4]);
  try {
    backend.load(argv[1], 44100);
    Backend::BufferMap none;
    std::cout << "{\"methods\": " << backend.get_available_methods().size() << ", \"attributes\": {";
    const char *comma = "";
    for (auto name : backend.get_settable_attributes()) {
      backend.set_attribute(name, {name == "deterministic" ? "true" : "false"}, none);
      std::cout << comma << "\"" << name << "\": \"" << backend.get_attribute_as_string(name) << "\"";
      comma = ", ";
    }
    auto params = backend.get_method_params("encode");
    auto sound = read(argv[2]);
    std::vector<float> latents, out;
    play(backend, "encode", sound, channels, params[2], block, latents);
    float largest = 0;
    for (float x : latents) largest = std::max(largest, std::abs(x));
    backend.load(argv[1], 44100); // forgets what was heard
    for (auto name : backend.get_settable_attributes())
      backend.set_attribute(name, {name == "deterministic" ? "true" : "false"}, none);
    double secs = play(backend, "forward", sound, channels, channels, block, out);
    std::ofstream(argv[5], std::ios::binary).write((char *)out.data(), out.size() * sizeof(float));
    std::cout << "}, \"higher_ratio\": " << backend.get_higher_ratio() << ", \"latents_peak\": " << largest
              << ", \"secs\": " << secs << "}\n";
  } catch (const std::string &e) {
    std::cerr << e << "\n";
    return 1;
  } catch (const char *e) {
    std::cerr << e << "\n";
    return 1;
  } catch (const std::exception &e) {
    std::cerr << e.what() << "\n";
    return 1;
  }
}
