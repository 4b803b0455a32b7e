// The three names of JUCE that the RAVE VST's class of a model uses, so that it builds without JUCE.
#pragma once
#include <cmath>
#include <iostream>
#include <string>

namespace juce {
using String = std::string;

struct ChangeBroadcaster {
  void sendChangeMessage() {}
};

template <class T> struct Range {
  T start = 0, end = 0;
  Range() = default;
  template <class A, class B> Range(A a, B b) : start(a), end(b) {}
  T getStart() const { return start; }
  T getEnd() const { return end; }
};
} // namespace juce
