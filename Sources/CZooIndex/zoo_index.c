// Written by scripts/make-zoo-index; a test compares it with the folder zoo.
#include "zoo_index.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char index_bytes[] = {
    '{', '"', 's', 'c', 'h', 'e', 'm', 'a', '"', ':', '"', 'q', 'k', 'z', 'o', 'o', '.', 'i', 'n', 'd', 'e', 'x', '/', '1', '"', ',',
    '"', 'e', 'n', 't', 'r', 'i', 'e', 's', '"', ':', '[',
#embed "../../zoo/entries/ms-qkformer-10-384-t4-r224.in1k/entry.json" suffix(, ',', )
#embed "../../zoo/entries/ms-qkformer-10-768-t1-r224.in1k/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-10-384-t4-r224.in1k/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-10-512-t4-r224.in1k/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-10-768-t1-r224.in1k/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-10-768-t4-r224.in1k/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-10-768-t4-r288.in1k/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-10-768-t4-r384.in1k/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-2-256-t16-r128.cifar10dvs/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-2-256-t16-r128.dvs128/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-2-256-t16-r128.dvs128-mlp4/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-4-384-t4-r32.cifar10/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-4-384-t4-r32.cifar10-step/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-4-384-t4-r32.cifar100/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-4-384-t4-r32.cifar100-step/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-digits/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-digits-batch/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-digits-dvs/entry.json" suffix(, ',', )
#embed "../../zoo/entries/qkformer-mnist5k/entry.json" suffix(, )
    ']', ',', '"', 'l', 'a', 'b', 'e', 'l', 's', '"', ':', '{',
    '"', 'c', 'i', 'f', 'a', 'r', '1', '0', '"', ':',
#embed "../../zoo/labels/cifar10.json" suffix(, ',', )
    '"', 'c', 'i', 'f', 'a', 'r', '1', '0', '0', '"', ':',
#embed "../../zoo/labels/cifar100.json" suffix(, ',', )
    '"', 'd', 'i', 'g', 'i', 't', 's', '"', ':',
#embed "../../zoo/labels/digits.json" suffix(, ',', )
    '"', 'd', 'v', 's', '1', '2', '8', '-', 'g', 'e', 's', 't', 'u', 'r', 'e', '"', ':',
#embed "../../zoo/labels/dvs128-gesture.json" suffix(, ',', )
    '"', 'i', 'm', 'a', 'g', 'e', 'n', 'e', 't', '-', '1', 'k', '"', ':',
#embed "../../zoo/labels/imagenet-1k.json" suffix(, )
    '}', '}',
};

static const unsigned char file0[] = {
#embed "../../zoo/entries/qkformer-digits/digits-test.safetensors"
};

static const unsigned char file1[] = {
#embed "../../zoo/entries/qkformer-digits/qkformer-digits.qkz.h5"
};

static const unsigned char file2[] = {
#embed "../../zoo/entries/qkformer-digits-batch/qkformer-digits-batch.qkz.h5"
};

static const unsigned char file3[] = {
#embed "../../zoo/entries/qkformer-digits-dvs/digits-dvs-test.safetensors"
};

static const unsigned char file4[] = {
#embed "../../zoo/entries/qkformer-digits-dvs/qkformer-digits-dvs.qkz.h5"
};

static const unsigned char file5[] = {
#embed "../../zoo/entries/qkformer-mnist5k/mnist5k-test.safetensors"
};

static const unsigned char file6[] = {
#embed "../../zoo/entries/qkformer-mnist5k/qkformer-mnist5k.qkz.h5"
};

static const struct qkz_zoo_file files[] = {
    {"77f3e06b9f3f55713f0bbd451e530fb6d9cc7f29cad3f2645e4c043b5b4b8cb5", file0, sizeof file0},
    {"b9c2a1f0928a546aff9cac1b4588cceb80d9e20d965cf64856f1c8ebbe43299a", file1, sizeof file1},
    {"1e5d97adaa7e4807bc6b73d843fe56a53d3bd92c6deed4c491978ead33580304", file2, sizeof file2},
    {"f6844f6dc52ecfb42b8e95446714de6fb1f518e2479a245dc27c227aea00a2e0", file3, sizeof file3},
    {"561afbec1eabdf6945565a1d39a3479ff32b3ea67b5a27ecb5181e10716c77fb", file4, sizeof file4},
    {"92eaf454f041585d21a3d665d4dd49991912cbdf8c0b30d0b04f16bd9e9a8c17", file5, sizeof file5},
    {"650b421c3e19b6c666223c662a01025dea4f5e8e035d791e45e9e7ca0c5838ca", file6, sizeof file6},
};

const unsigned char *qkz_zoo_index_bytes(void) { return index_bytes; }
size_t qkz_zoo_index_size(void) { return sizeof index_bytes; }
const struct qkz_zoo_file *qkz_zoo_files(void) { return files; }
size_t qkz_zoo_file_count(void) { return sizeof files / sizeof *files; }
