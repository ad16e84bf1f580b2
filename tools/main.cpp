// The program that KNOWNGOOD_PROGRAM names, of those that are compiled elsewhere: tools/verify.cpp and its neighbours.

namespace knowngood::KNOWNGOOD_PROGRAM {
int main(int argc, char** argv);
}

int main(int argc, char** argv) { return knowngood::KNOWNGOOD_PROGRAM::main(argc, argv); }
