// Plays a module with the RAVE VST's own class of a model (acids-ircam/rave_vst, source/Rave.h) as the plugin
// does: one channel in, two out, with latents that nobody has moved.
//
// check_rave_vst MODULE SOUND BLOCK OUT: raw 32-bit floats, one channel in; left, then right. Prints one JSON
// line: {"rate", "latents", "ratio", "stereo", "secs"}.
#include <sstream>
#include <JuceHeader.h>
#include <torch/script.h>
#include <torch/torch.h>

#define private public // its attributes `deterministic` and `noise` can be set by nobody else
#include "Rave.h"
#undef private

#include "raw.h"

#include <chrono>

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  torch::set_num_threads(1);
  try {
    auto *const told = std::cout.rdbuf(std::cerr.rdbuf()); // what the class tells while it loads
    RAVE rave;
    rave.load_model(argv[1]);
    std::cout.rdbuf(told);
    c10::InferenceMode guard;
    rave.model.get_method("set_noise")({false});
    auto sound = read(argv[2]);
    const int block = atoi(argv[3]), n = sound.size() / block * block;
    std::vector<float> left, right;
    auto from = std::chrono::steady_clock::now();
    for (int start = 0; start < n; start += block) {
      at::Tensor frame = torch::reshape(torch::from_blob(sound.data() + start, {block}), {1, 1, block});
      if (rave.hasPrior() || rave.hasMethod("encode_amortized")) throw std::runtime_error("another way to encode");
      at::Tensor latents = rave.encode(frame);
      for (int i = 0; i < std::min<int>(latents.size(1), 8); i++)
        latents.index_put_({0, i}, latents.index({0, i}) * 1.f + 0.f);
      rave.writeLatentBuffer(latents);
      latents = latents + 0.f * torch::randn_like(latents);
      const int n_missing = rave.getFullLatentDimensions() - latents.size(1);
      if (rave.isStereo() && n_missing > 0) { // at the full width of the plugin
        at::Tensor drawn = torch::randn({2, n_missing, latents.size(2)});
        latents = torch::cat({torch::cat({latents, latents}, 0), drawn}, 1);
      }
      at::Tensor out = rave.decode(latents);
      if (out.sizes()[0] == 2) out = out.transpose(0, 1);
      const int of_right = out.sizes()[1] > 1 ? 1 : 0;
      at::Tensor sides[] = {out.index({0, 0, Slice()}), out.index({0, of_right, Slice()})};
      left.insert(left.end(), sides[0].data_ptr<float>(), sides[0].data_ptr<float>() + block);
      right.insert(right.end(), sides[1].data_ptr<float>(), sides[1].data_ptr<float>() + block);
    }
    double secs = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
    std::ofstream file(argv[4], std::ios::binary);
    file.write((char *)left.data(), left.size() * sizeof(float));
    file.write((char *)right.data(), right.size() * sizeof(float));
    std::cout << "{\"rate\": " << rave.sr << ", \"latents\": " << rave.getFullLatentDimensions()
              << ", \"ratio\": " << rave.getModelRatio() << ", \"stereo\": " << (rave.isStereo() ? "true" : "false")
              << ", \"secs\": " << secs << "}\n";
  } catch (const std::exception &e) {
    std::cerr << e.what() << "\n";
    return 1;
  }
}
