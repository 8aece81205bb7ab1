// A virtual board: a board's top under Verilator, its UART behind a pseudo-terminal.
//
// Arguments: name of the symbolic link to the terminal, which is made when the board is ready;
// 2^24 times the bits the UART sends in a clock cycle. Ends when standard input does.
//
// Time passes only while something happens: with both lines idle and no frame in flight, the
// program waits for the next byte.

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include "Vdesign.h"
#include "verilated.h"

namespace {

const int kPhaseBits = 24;
const uint64_t kIdleCycles = 1000;  // of both lines, before time stops
const uint64_t kPollCycles = 256; // between two looks at the terminal while time passes
const int kBits = 10;          // start bit, eight data bits, stop bit

// Sends bytes to the board.
class Sender {
 public:
  explicit Sender(uint32_t step) : step_(step) {}
  void queue(const uint8_t* first, const uint8_t* last) { bytes_.insert(bytes_.end(), first, last); }
  bool is_idle() const { return left_ == 0 && bytes_.empty(); }
  bool line() {
    if (left_ == 0) {
      if (bytes_.empty()) return true;
      shift_ = 1u << 9 | bytes_.front() << 1;
      bytes_.pop_front();
      left_ = kBits;
      phase_ = 0;
    }
    const bool bit = shift_ & 1;
    phase_ += step_;
    if (phase_ >> kPhaseBits) {
      phase_ &= (1u << kPhaseBits) - 1;
      shift_ >>= 1;
      --left_;
    }
    return bit;
  }

 private:
  uint32_t step_, phase_ = 0, shift_ = 0;
  int left_ = 0;
  std::deque<uint8_t> bytes_;
};

// Receives bytes from the board; samples in the middle of each bit.
class Receiver {
 public:
  explicit Receiver(uint32_t step) : step_(step) {}
  bool is_idle() const { return left_ == 0; }
  bool sample(bool line) {
    if (left_ == 0) {
      if (line) return false;
      left_ = kBits;
      phase_ = 1u << (kPhaseBits - 1);
    }
    phase_ += step_;
    if (!(phase_ >> kPhaseBits)) return false;
    phase_ &= (1u << kPhaseBits) - 1;
    shift_ = shift_ >> 1 | static_cast<uint32_t>(line) << (kBits - 1);
    return --left_ == 0 && line;
  }
  uint8_t byte() const { return shift_ >> 1; }

 private:
  uint32_t step_, phase_ = 0, shift_ = 0;
  int left_ = 0;
};

// Opens a terminal, raw, and links `name` to its other end; returns -1 if that fails.
int open_terminal(const char* name) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (terminal < 0 || grantpt(terminal) || unlockpt(terminal)) return -1;
  const char* other = ptsname(terminal);
  // Held open, so that the terminal lives on when a host closes it.
  const int held = open(other, O_RDWR | O_NOCTTY);
  termios settings;
  if (held < 0 || tcgetattr(held, &settings)) return -1;
  cfmakeraw(&settings);
  if (tcsetattr(held, TCSANOW, &settings)) return -1;
  if (symlink(other, name)) return -1;
  return terminal;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const uint32_t step = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));

  VerilatedContext context;
  context.randReset(2);  // registers start with noise, so that a missing reset shows
  context.randSeed(1);
  Vdesign board(&context);
  Sender sender(step);
  Receiver receiver(step);
  board.uart_rx_pin = 1;

  const int terminal = open_terminal(argv[1]);
  if (terminal < 0) {
    std::perror("pseudo-terminal");
    return 1;
  }
  pollfd waits[] = {{terminal, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  uint64_t idle = 0;
  for (uint64_t cycle = 0;; ++cycle) {
    if (idle > kIdleCycles || cycle % kPollCycles == 0) {
      if (poll(waits, 2, idle > kIdleCycles ? -1 : 0) < 0) break;
      uint8_t bytes[4096];
      if (waits[1].revents && read(STDIN_FILENO, bytes, sizeof bytes) <= 0) break;
      const ssize_t count = waits[0].revents & POLLIN ? read(terminal, bytes, sizeof bytes) : 0;
      if (count > 0) sender.queue(bytes, bytes + count);
      if (!sender.is_idle()) idle = 0;
    }
    board.clk_pin = 0;
    board.uart_rx_pin = sender.line();
    board.eval();
    board.clk_pin = 1;
    board.eval();
    if (receiver.sample(board.uart_tx_pin)) {
      const uint8_t byte = receiver.byte();
      if (write(terminal, &byte, 1) != 1 && errno != EAGAIN) break;  // full: nobody reads, it is lost
    }
    idle = sender.is_idle() && receiver.is_idle() && !board.led_pin ? idle + 1 : 0;
  }
  board.final();
  return 0;
}
