// Drives the streams of a design under Verilator and records every beat.
//
// A beat happens at a rising edge with valid and ready high. Inputs come with random gaps, outputs
// are taken under random back-pressure; while an input is not valid, its data are noise. The rule
// of AXI streams is checked: once valid, an output stays as it is until it is taken.
//
// ports.h, written for each design, names its streams: X(name, bits, limbs), a limb being 32 bits.
// Files in the working folder: <name>.words in and out, <name>.cycles out (64 bits a beat).
// The last line printed is the outcome: "done CYCLES", "hang …", "unstable …" or "surplus …".

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "Vdesign.h"
#include "ports.h"
#include "verilated.h"

namespace {

using Limbs = std::vector<uint32_t>;

// xorshift64* (Vigna, 2016): fast, and the same on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_((seed + 1) * 0x9E3779B97F4A7C15ull) {}
  uint32_t bits() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<uint32_t>((state_ * 0x2545F4914F6CDD1Dull) >> 32);
  }
  bool happens(double probability) { return bits() < probability * 4294967296.0; }

 private:
  uint64_t state_;
};

// Ports of up to 64 bits are integers, wider ones arrays of limbs.
template <class Port>
void put(Port& port, const uint32_t* limbs) {
  uint64_t value = limbs[0];
  if constexpr (sizeof(Port) == 8) value |= static_cast<uint64_t>(limbs[1]) << 32;
  port = static_cast<Port>(value);
}
template <std::size_t N>
void put(VlWide<N>& port, const uint32_t* limbs) {
  for (std::size_t i = 0; i < N; ++i) port[i] = limbs[i];
}
template <class Port>
void get(const Port& port, uint32_t* limbs) {
  limbs[0] = static_cast<uint32_t>(port);
  if constexpr (sizeof(Port) == 8) limbs[1] = static_cast<uint32_t>(port >> 32);
}
template <std::size_t N>
void get(const VlWide<N>& port, uint32_t* limbs) {
  for (std::size_t i = 0; i < N; ++i) limbs[i] = port[i];
}

template <class T>
void write(const std::string& path, const std::vector<T>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

class Input {
 public:
  Input(const char* name, int bits, int limbs, uint64_t seed, double gap)
      : name_(name), limbs_(limbs), gap_(gap), random_(seed), noise_(limbs) {
    top_ = bits % 32 ? (1u << bits % 32) - 1 : ~0u;
    std::ifstream file(name_ + ".words", std::ios::binary | std::ios::ate);
    words_.resize(static_cast<std::size_t>(file.tellg()) / 4);
    file.seekg(0);
    file.read(reinterpret_cast<char*>(words_.data()), words_.size() * 4);
  }
  // A word once offered stays until it is taken.
  template <class Port>
  void drive(CData& valid, Port& data) {
    if (!is_offered_ && !is_empty()) is_offered_ = !random_.happens(gap_);
    valid = is_offered_;
    if (is_offered_) return put(data, &words_[cycles_.size() * limbs_]);
    for (uint32_t& limb : noise_) limb = random_.bits();
    noise_.back() &= top_;
    put(data, noise_.data());
  }
  bool sample(bool ready, uint64_t cycle) {
    if (!is_offered_ || !ready) return false;
    cycles_.push_back(cycle);
    is_offered_ = false;
    return true;
  }
  bool is_empty() const { return cycles_.size() * limbs_ == words_.size(); }
  void report() const { std::printf(" %s took %zu", name_.c_str(), cycles_.size()); }
  void save() const { write(name_ + ".cycles", cycles_); }

 private:
  std::string name_;
  std::size_t limbs_;
  double gap_;
  Random random_;
  Limbs noise_, words_;
  uint32_t top_;
  bool is_offered_ = false;
  std::vector<uint64_t> cycles_;
};

class Output {
 public:
  Output(const char* name, int limbs, std::size_t count, uint64_t seed, double pressure)
      : name_(name), count_(count), pressure_(pressure), random_(seed), seen_(limbs), held_(limbs) {}
  void drive(CData& ready) { ready = is_ready_ = !random_.happens(pressure_); }
  template <class Port>
  bool sample(bool valid, const Port& data, uint64_t cycle) {
    if (valid) get(data, seen_.data());
    if (is_held_ && !(valid && seen_ == held_)) is_stable_ = false;
    is_held_ = valid && !is_ready_;
    held_ = seen_;
    if (!valid || !is_ready_) return false;
    words_.insert(words_.end(), seen_.begin(), seen_.end());
    cycles_.push_back(cycle);
    return true;
  }
  bool is_full() const { return cycles_.size() >= count_; }
  bool is_surplus() const { return cycles_.size() > count_; }
  bool is_stable() const { return is_stable_; }
  void report() const { std::printf(" %s gave %zu of %zu", name_.c_str(), cycles_.size(), count_); }
  void save() const {
    write(name_ + ".words", words_);
    write(name_ + ".cycles", cycles_);
  }

 private:
  std::string name_;
  std::size_t count_;
  double pressure_;
  Random random_;
  Limbs seen_, held_, words_;
  bool is_ready_ = false, is_held_ = false, is_stable_ = true;
  std::vector<uint64_t> cycles_;
};

const int kResetCycles = 4;
const int kSurplusCycles = 64;  // how long to listen for words nobody expects

}  // namespace

// Arguments: seed, probability of a gap, of back-pressure, cycles without a beat that are a hang,
// then the number of words expected of each output.
int main(int argc, char** argv) {
  if (argc < 5) return 2;
  const uint64_t seed = std::strtoull(argv[1], nullptr, 10);
  const double gap = std::atof(argv[2]), pressure = std::atof(argv[3]);
  const uint64_t patience = std::strtoull(argv[4], nullptr, 10);

  VerilatedContext context;
  context.randReset(2);  // registers start with noise, so that a missing reset shows
  context.randSeed(static_cast<int>(seed % 2147483646 + 1));
  Vdesign design(&context);

  uint64_t stream = seed * 16;
  int argument = 5;
#define X(name, bits, limbs) Input name(#name, bits, limbs, ++stream, gap);
  INPUTS(X)
#undef X
#define X(name, bits, limbs) \
  Output name(#name, limbs, std::strtoull(argv[argument++], nullptr, 10), ++stream, pressure);
  OUTPUTS(X)
#undef X

  auto edge = [&design] {
    design.clk = 1;
    design.eval();
    design.clk = 0;
  };
  design.clk = 0;
  design.rst = 1;
#define X(name, bits, limbs) design.name##_valid = 0;
  INPUTS(X)
#undef X
#define X(name, bits, limbs) design.name##_ready = 0;
  OUTPUTS(X)
#undef X
  for (int i = 0; i < kResetCycles; ++i) {
    design.eval();
    edge();
  }
  design.rst = 0;

  const char* outcome = "done";
  uint64_t last_beat = 0, cycle = 0;
  for (;; ++cycle) {
#define X(name, bits, limbs) name.drive(design.name##_valid, design.name##_data);
    INPUTS(X)
#undef X
#define X(name, bits, limbs) name.drive(design.name##_ready);
    OUTPUTS(X)
#undef X
    design.eval();
    bool is_beat = false, is_full = true, is_empty = true, is_surplus = false, is_stable = true;
#define X(name, bits, limbs)                         \
  is_beat |= name.sample(design.name##_ready, cycle); \
  is_empty &= name.is_empty();
    INPUTS(X)
#undef X
#define X(name, bits, limbs)                                             \
  is_beat |= name.sample(design.name##_valid, design.name##_data, cycle); \
  is_full &= name.is_full();                                             \
  is_surplus |= name.is_surplus();                                       \
  is_stable &= name.is_stable();
    OUTPUTS(X)
#undef X
    if (is_beat) last_beat = cycle;
    if (!is_stable) outcome = "unstable";
    else if (is_surplus) outcome = "surplus";
    else if (cycle - last_beat > patience && !(is_full && is_empty)) outcome = "hang";
    else if (!is_full || !is_empty || cycle - last_beat < kSurplusCycles) {
      edge();
      continue;
    }
    break;
  }
  design.final();
  std::printf("%s %llu", outcome, static_cast<unsigned long long>(cycle));
#define X(name, bits, limbs) name.report(), name.save();
  INPUTS(X)
  OUTPUTS(X)
#undef X
  std::printf("\n");
  return 0;
}
